// An AddressPolicy put upon a handle of libcurl: looked at for each connection, with the address that the
// name led to.
#pragma once

#include <curl/curl.h>

#include <string_view>

#include "net/address_policy.h"

namespace penstock {

// Outlives the transfers of the handle. Not thread-safe.
class CurlGuard {
 public:
  // To be called before each transfer; with a policy that lets everything through the handle is as ever. One
  // that guards uses no proxy, which would look up names in our place.
  void guard(CURL* curl, AddressPolicy policy);
  bool guards() const { return policy_.public_only; }
  // Remembers what is refused.
  bool may_reach(const std::optional<IpAddress>& address);
  // The kind of the address that was refused since guard(); empty: none.
  std::string_view refused() const { return refused_; }

 private:
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  AddressPolicy policy_;
  std::string_view refused_;
};

}  // namespace penstock
