#include "server/cookies.h"

#include <fmt/format.h>

namespace penstock::server {

void set_cookie(const Site& site, ServerReply& reply, const Cookie& cookie) {
  reply.headers.emplace_back(
      "Set-Cookie",
      fmt::format("{}={}; Path={}; HttpOnly; SameSite=Lax; Max-Age={}{}", cookie.name, cookie.value,
                  cookie.path, std::chrono::floor<std::chrono::seconds>(cookie.lasts).count(),
                  site.is_encrypted ? "; Secure" : ""));
}

}  // namespace penstock::server
