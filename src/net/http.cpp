#include "net/http.h"

#include <arpa/inet.h>
#include <strings.h>

namespace penstock {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         strncasecmp(a.data(), b.data(), a.size()) == 0;  // NOLINT(bugprone-suspicious-stringview-data-usage)
}

}  // namespace

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [header, value] : headers) {
    if (same_name(header, name)) return &value;
  }
  return nullptr;
}

std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  in_addr address{};
  return host.starts_with("127.") && inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
}

std::string_view host_of(std::string_view url) {
  if (const size_t scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const size_t credentials = url.rfind('@'); credentials != url.npos) url.remove_prefix(credentials + 1);
  return url;
}

}  // namespace penstock
