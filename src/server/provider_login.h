// Login at a provider (OpenID Connect), as the API offers it. Private to server/.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "access/oidc.h"
#include "service/service.h"

namespace penstock::server {

// What pages hear of a login that came to nothing: "what is wrong\nwhat to do", percent-encoded. Beside it
// the page that the person wanted. Both are seen by the routes of the session only.
inline constexpr std::string_view kTroubleCookie = "penstock_login_trouble";
inline constexpr std::string_view kWantedCookie = "penstock_login_wanted";
inline constexpr std::string_view kSessionPath = "/api/v1/session";
inline constexpr std::string_view kCallbackPath = "/api/v1/session/provider/callback";

// Thread-safe; calls block until the provider has answered, so only a few may go on at once: a provider that
// does not answer must not keep all of the server's threads.
class ProviderLogin {
 public:
  // All outlive it. The client may reach what the operator names.
  ProviderLogin(service::Service& service, Loop& loop, HttpClient& client, access::OidcSettings settings)
      : service_(service), name_(settings.shown_name), oidc_(loop, client, std::move(settings)) {}

  const std::string& name() const { return name_; }
  // Errors as those of access::Oidc, and rate_limited.
  Result<access::Oidc::Start> start();
  Result<access::ExternalUser> finish(access::Oidc::Callback callback);

 private:
  template <class T, class Work>
  Result<T> on_loop(Work work);

  service::Service& service_;
  const std::string name_;
  access::Oidc oidc_;  // loop thread only
  std::atomic<int> under_way_ = 0;
};

// A path of our own pages, or "/": never one that leads a browser elsewhere.
std::string own_page(const std::string& wanted);

}  // namespace penstock::server
