// What the API answers: one line for each path and method. Private to server/.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "access/roles.h"
#include "server/call.h"

namespace penstock::server {

// What a caller must be allowed; `anybody` asks for nothing, `somebody` for a login or a token.
enum class Need { anybody, somebody, view, view_rows, run, approve, edit, administer };
std::optional<access::Action> action_of(Need need);

struct Route {
  std::string_view method;
  std::string_view path;  // as api/openapi.yaml has it: "/runs/{id}"
  Need need;
  ServerReply (*answer)(Call&);
};

std::span<const Route> routes();

struct Found {
  const Route* route = nullptr;
  std::map<std::string, std::string, std::less<>> parameters{};
  bool is_other_method = false;  // the path is there, but not with this method
};
// `path`: below /api/v1, as it was sent.
Found find_route(std::string_view method, std::string_view path);

}  // namespace penstock::server
