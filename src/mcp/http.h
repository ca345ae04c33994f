// The protocol over HTTP: one message in each POST, its answer in the reply ("streamable HTTP", whose replies
// may be JSON; there are no streams, and no sessions).
#pragma once

#include <string>

#include "async/real_loop.h"
#include "mcp/mcp.h"
#include "net/http_server.h"

namespace penstock::mcp {

// The reply to one request, whoever has let it in: a server with logins of its own calls this on its loop.
// `may_run`: whether the caller may send. 202 without a body where no answer is due; 400 for what is no
// message, and for a version that is not spoken (MCP-Protocol-Version); 405, 406, 415 for requests of another
// form.
Task<ServerReply> answer_http(const Mcp& mcp, ServerRequest request, bool may_run);

struct HttpOptions {
  std::string listen = "127.0.0.1:0";
  std::function<void(const std::string& url)> on_listening{};
};

// Serves /mcp on loopback, until `stop` is interrupted, without logins: so nobody may send, and requests that
// a page of another site has made are refused (by Origin and Host). Errors of kind config: the address is not
// one of loopback, or taken.
Task<Result<void>> serve_http(RealLoop& loop, const Mcp& mcp, Interruption& stop, HttpOptions options);

}  // namespace penstock::mcp
