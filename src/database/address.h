// Addresses of servers, as people write them: scheme://user:password@host:port/rest?options.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace penstock {

struct Address {
  std::string scheme, user, password, host, rest;  // percent-decoded; `rest` without its first slash
  std::string options;                             // as they stand
  uint16_t port = 0;
};

// Errors are of kind config and name no password.
Result<Address> parse_address(std::string_view url, uint16_t usual_port);
// A loopback address or name, or a socket of the file system.
bool is_on_this_machine(std::string_view host);

}  // namespace penstock
