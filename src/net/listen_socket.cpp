#include "net/listen_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace penstock {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Error cannot_listen(const std::string& address, std::string_view reason, std::string remedy) {
  return {ErrorKind::config, fmt::format("cannot listen on {}: {}", address, reason), std::move(remedy)};
}

Error of_errno(const std::string& address, int error) {
  switch (error) {
    case EADDRINUSE:
      return cannot_listen(address, "the address is taken by another process",
                           "stop that process, or choose another port (0 takes any that is free)");
    case EACCES:
      return cannot_listen(address, "not allowed", "choose a port above 1023");
    case EADDRNOTAVAIL:
      return cannot_listen(address, "this machine does not have the address",
                           "choose 127.0.0.1, or an address of this machine");
    default:
      return cannot_listen(address, std::strerror(error), "");
  }
}

Result<Addresses> resolve(const std::string& address) {
  const std::string remedy = "write it as ADDR:PORT, such as 127.0.0.1:8080 or [::1]:8080";
  const size_t colon = address.rfind(':');
  if (colon == address.npos) return cannot_listen(address, "it has no port", remedy);
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return cannot_listen(address, "it has no address", remedy);
  const char* port = address.c_str() + colon + 1;
  uint16_t number = 0;
  if (const auto [end, error] = std::from_chars(port, address.c_str() + address.size(), number);
      error != std::errc() || *end != '\0') {
    return cannot_listen(address, "its port is not a number up to 65535", remedy);
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), port, &hints, &found);
  if (error != 0) return cannot_listen(address, gai_strerror(error), remedy);
  return Addresses(found, &freeaddrinfo);
}

Result<ListenSocket> listening(int fd, const std::string& address) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (listen(fd, SOMAXCONN) != 0 || getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return of_errno(address, errno);
  }
  const bool ipv6 = bound.ss_family == AF_INET6;
  const in_port_t port = ipv6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                              : reinterpret_cast<const sockaddr_in&>(bound).sin_port;
  const uint16_t number = ntohs(port);
  return ListenSocket{fd, number, fmt::format("http://{}:{}", address.substr(0, address.rfind(':')), number)};
}

}  // namespace

Result<ListenSocket> listen_on(const std::string& address) {
  const Result<Addresses> resolved = resolve(address);
  if (!resolved.ok()) return resolved.error();
  const addrinfo& found = **resolved;
  const int fd = socket(found.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return of_errno(address, errno);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // inherited by what is accepted
  if (bind(fd, found.ai_addr, found.ai_addrlen) != 0) {
    const int error = errno;
    close(fd);
    return of_errno(address, error);
  }
  Result<ListenSocket> socket = listening(fd, address);
  if (!socket.ok()) close(fd);
  return socket;
}

}  // namespace penstock
