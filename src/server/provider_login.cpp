#include "server/provider_login.h"

#include <algorithm>

namespace penstock::server {
namespace {

constexpr int kLoginsAtOnce = 3;
constexpr size_t kPageBytesMax = 1000;

// Counts for as long as it lives.
class Place {
 public:
  explicit Place(std::atomic<int>& taken) : taken_(taken), nth_(++taken) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --taken_; }
  bool is_one() const { return nth_ <= kLoginsAtOnce; }

 private:
  std::atomic<int>& taken_;
  const int nth_;
};

}  // namespace

template <class T, class Work>
Result<T> ProviderLogin::on_loop(Work work) {
  const Place place(under_way_);
  if (!place.is_one())
    return Error{ErrorKind::rate_limited, "many log in just now, and the login provider is slow",
                 "try again in a few seconds"};
  return service_.on_loop<T>(
      [work = std::move(work)](RunParts, service::LoadedRef) -> Task<Result<T>> { return work(); });
}

Result<access::Oidc::Start> ProviderLogin::start() {
  return on_loop<access::Oidc::Start>([this] { return oidc_.start(); });
}

Result<access::ExternalUser> ProviderLogin::finish(access::Oidc::Callback callback) {
  return on_loop<access::ExternalUser>(
      [this, callback = std::move(callback)] { return oidc_.finish(callback); });
}

// Browsers read "//host", "/\host" and what hides a tab or a line's end between as another host.
std::string own_page(const std::string& wanted) {
  const auto is_plain = [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '\\'; };
  const bool is_own = wanted.starts_with('/') && !wanted.starts_with("//") &&
                      wanted.size() <= kPageBytesMax && std::all_of(wanted.begin(), wanted.end(), is_plain);
  if (!is_own) return "/";
  for (const std::string_view other : {"/api/", "/mcp", "/hooks/", "/metrics"})
    if (wanted.starts_with(other)) return "/";
  return wanted;
}

}  // namespace penstock::server
