#include "net/curl_guard.h"

#include <unistd.h>

namespace penstock {

void CurlGuard::guard(CURL* curl, AddressPolicy policy) {
  policy_ = std::move(policy);
  refused_ = {};
  const auto open = policy_.public_only ? &on_open : nullptr;
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, policy_.public_only ? "*" : nullptr);
}

// Called for each address that the name led to, before anything is sent there.
curl_socket_t CurlGuard::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  if (!static_cast<CurlGuard*>(self)->may_reach(IpAddress::of(address->addr))) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// What is no address of the Internet (a socket of this machine) is not public.
bool CurlGuard::may_reach(const std::optional<IpAddress>& address) {
  if (!policy_.public_only) return true;
  const auto refused = address ? policy_.refuses(*address) : "an address of this machine";
  if (refused) refused_ = *refused;
  return !refused;
}

}  // namespace penstock
