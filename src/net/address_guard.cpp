#include "net/address_guard.h"

#include <fmt/format.h>
#include <netdb.h>

#include <cctype>
#include <charconv>
#include <mutex>

#include "net/http.h"

namespace penstock {
namespace {

struct Installed {
  std::mutex mutex;
  std::shared_ptr<const AddressGuard> guard;
};

Installed& installed() {
  static Installed one;
  return one;
}

std::shared_ptr<const AddressGuard> guard_now() {
  const std::lock_guard lock(installed().mutex);
  return installed().guard;
}

}  // namespace

std::string address_key(std::string_view host, uint16_t port) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  while (host.ends_with('.')) host.remove_suffix(1);
  std::string key(host);
  for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return fmt::format("{}:{}", key, port);
}

AddressPolicy AddressGuard::policy_for(std::string_view trusted_as) const {
  return trusted.contains(trusted_as) ? AddressPolicy{} : policy;
}

void install_address_guard(std::shared_ptr<const AddressGuard> guard) {
  const std::lock_guard lock(installed().mutex);
  installed().guard = std::move(guard);
}

AddressPolicy policy_for(std::string_view host, uint16_t port) {
  const auto guard = guard_now();
  return guard ? guard->policy_for(address_key(host, port)) : AddressPolicy{};
}

AddressPolicy policy_for_text(std::string_view text) {
  const auto guard = guard_now();
  return guard ? guard->policy_for(text) : AddressPolicy{};
}

AddressPolicy policy_for_url(std::string_view url) {
  const auto guard = guard_now();
  if (!guard) return {};
  const std::string_view authority = host_of(url), host = without_port(authority);
  uint16_t port = url.starts_with("https:") ? 443 : 80;
  if (authority.size() > host.size() + 1)
    std::from_chars(authority.data() + host.size() + 1, authority.data() + authority.size(), port);
  return guard->policy_for(address_key(percent_decode(host), port));
}

Error refused_address(std::string_view host, std::string_view kind) {
  return {ErrorKind::permission,
          fmt::format("{} leads to {}, which may not be reached from here", host, kind),
          "use a public address, or ask the operator to allow that range (serve --allow-address)"};
}

Result<void> check_before_connecting(const AddressPolicy& policy, std::string_view host) {
  if (!policy.public_only) return success();
  if (host.empty() || host.starts_with('/') || host.starts_with('@'))
    return refused_address("a socket", "an address of this machine");
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (::getaddrinfo(std::string(host).c_str(), nullptr, &hints, &found) != 0)
    return success();  // the library says it better
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> kept(found, &::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const auto address = IpAddress::of(*one->ai_addr);
    if (!address) return refused_address(host, "an address of this machine");
    if (const auto kind = policy.refuses(*address)) return refused_address(host, *kind);
  }
  return success();
}

Result<void> check_connected(const AddressPolicy& policy, int socket, std::string_view host) {
  if (!policy.public_only) return success();
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0)
    return success();  // not connected
  const auto address = IpAddress::of(reinterpret_cast<const sockaddr&>(peer));
  if (!address) return refused_address(host, "an address of this machine");
  if (const auto kind = policy.refuses(*address)) return refused_address(host, *kind);
  return success();
}

}  // namespace penstock
