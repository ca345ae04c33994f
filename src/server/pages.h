// The web interface, out of the program itself. Private to server/.
#pragma once

#include <string_view>

#include "net/http_server.h"

namespace penstock::server {

// A file of the pages; for any path that is none of them, the page itself, which finds its way by the
// address.
ServerReply page_reply(const ServerRequest& request);

// api/openapi.yaml.
std::string_view openapi_text();

}  // namespace penstock::server
