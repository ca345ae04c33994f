#include "database/address.h"

#include <charconv>

#include "net/http.h"

namespace penstock {
namespace {

Error unreadable(std::string_view why) {
  return {ErrorKind::config, "`url` cannot be read: " + std::string(why),
          "write it as scheme://user@host:port/name"};
}

}  // namespace

Result<Address> parse_address(std::string_view url, uint16_t usual_port) {
  Address address{
      .scheme = "", .user = "", .password = "", .host = "", .rest = "", .options = "", .port = usual_port};
  const size_t scheme = url.find("://");
  if (scheme == url.npos) return unreadable("it has no scheme");
  address.scheme = url.substr(0, scheme);
  url.remove_prefix(scheme + 3);
  if (const size_t mark = url.find('?'); mark != url.npos) {
    address.options = url.substr(mark + 1);
    url = url.substr(0, mark);
  }
  if (const size_t slash = url.find('/'); slash != url.npos) {
    address.rest = percent_decode(url.substr(slash + 1));
    url = url.substr(0, slash);
  }
  if (const size_t at = url.rfind('@'); at != url.npos) {
    const std::string_view login = url.substr(0, at);
    const size_t colon = login.find(':');
    address.user = percent_decode(login.substr(0, colon));
    if (colon != login.npos) address.password = percent_decode(login.substr(colon + 1));
    url.remove_prefix(at + 1);
  }
  // [::1]:6379
  const size_t bracket = url.starts_with('[') ? url.find(']') : url.npos;
  const size_t colon = url.find(':', bracket == url.npos ? 0 : bracket);
  address.host = bracket == url.npos ? url.substr(0, colon) : url.substr(1, bracket - 1);
  if (colon != url.npos) {
    const std::string_view port = url.substr(colon + 1);
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() || address.port == 0)
      return unreadable("its port is no number");
  }
  if (address.host.empty()) return unreadable("it names no host");
  return address;
}

bool is_on_this_machine(std::string_view host) {
  return host.starts_with('/') || is_loopback(host);
}

}  // namespace penstock
