// A listening TCP socket. Private to net/.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace penstock {

struct ListenSocket {
  int fd = -1;  // the caller's to close
  uint16_t port = 0;
  std::string url;  // "http://127.0.0.1:8080"
};

// Listens on ADDR:PORT; port 0 is any that is free. Errors: config, naming the address.
Result<ListenSocket> listen_on(const std::string& address);

}  // namespace penstock
