#include "deliver/accounts.h"

#include "base/disk.h"
#include "net/crypto.h"

namespace penstock {

std::shared_ptr<RateLimits> Accounts::of(const connector::Target& target, double share) {
  // Of a login only a digest is in the file's name, and not all of it.
  const std::string name = hex(sha256("penstock account\n" + target.account())).substr(0, 24);
  auto& limits = accounts_[name];
  if (limits) return limits;
  std::unique_ptr<SharedSpending> shared;
  const auto size = target.limits_by_key() ? SharedSpending::Size::many : SharedSpending::Size::few;
  // Without the file each process keeps to the limits by itself.
  if (!directory_.empty() && real_disk().make_directories(directory_).ok())
    if (auto opened = SharedSpending::open(join_path(directory_, name), size); opened.ok())
      shared = *std::move(opened);
  limits = std::make_shared<RateLimits>(loop_, share, std::move(shared));
  return limits;
}

std::shared_ptr<RateLimits> limits_of(Loop& loop, Accounts* accounts, const connector::Target& target,
                                      double share) {
  if (accounts != nullptr) return accounts->of(target, share);
  return std::make_shared<RateLimits>(loop, share);
}

}  // namespace penstock
