// Cookies that are set. Private to server/.
#pragma once

#include <string_view>

#include "base/time.h"
#include "net/http_server.h"
#include "server/site.h"

namespace penstock::server {

struct Cookie {
  std::string_view name;
  std::string_view value{};  // of characters that a cookie may have
  std::string_view path = "/";
  Duration lasts{};  // 0: it is removed
};

// HttpOnly, SameSite=Lax, and Secure where the service is reached by TLS.
void set_cookie(const Site& site, ServerReply& reply, const Cookie& cookie);

}  // namespace penstock::server
