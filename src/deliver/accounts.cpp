#include "deliver/accounts.h"

#include "base/disk.h"
#include "deliver/shared_spending.h"
#include "net/crypto.h"

namespace penstock {

Accounts::Accounts(Loop& loop, std::string directory) : loop_(loop) {
  if (directory.empty()) return;
  open_ = [directory = std::move(directory)](const std::string& name, bool many) {
    return open_spending_file(directory, name, many);
  };
}

// Without the file each process keeps to the limits by itself.
std::unique_ptr<Spending> open_spending_file(const std::string& directory, const std::string& name,
                                             bool many) {
  if (!real_disk().make_directories(directory).ok()) return nullptr;
  auto opened = SharedSpending::open(join_path(directory, name),
                                     many ? SharedSpending::Size::many : SharedSpending::Size::few);
  if (!opened.ok()) return nullptr;
  return *std::move(opened);
}

std::shared_ptr<RateLimits> Accounts::of(const connector::Target& target, double share) {
  // Of a login only a digest is in the file's name, and not all of it.
  const std::string name = hex(sha256("penstock account\n" + target.account())).substr(0, 24);
  auto& limits = accounts_[name];
  if (limits) return limits;
  limits = std::make_shared<RateLimits>(loop_, share, open_ ? open_(name, target.limits_by_key()) : nullptr);
  return limits;
}

std::shared_ptr<RateLimits> limits_of(Loop& loop, Accounts* accounts, const connector::Target& target,
                                      double share) {
  if (accounts != nullptr) return accounts->of(target, share);
  return std::make_shared<RateLimits>(loop, share);
}

}  // namespace penstock
