#include "mcp/http.h"

#include <fmt/format.h>

#include <future>

#include "async/sync.h"
#include "async/task_group.h"

namespace penstock::mcp {
namespace {

constexpr std::string_view kJson = "application/json";

ServerReply refusal(int status, std::string_view why) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::string(why) + "\n"};
}

// Under the usual names: not all that is_loopback() allows.
bool is_this_machine(std::string_view authority) {
  const std::string_view host = without_port(authority);
  return host == "localhost" || host == "[::1]" || host == "127.0.0.1";
}

// A browser tells where a page comes from, and under which name it found us: a page of another site, or a
// name of another site that leads here, is not let in.
bool is_from_here(const ServerRequest& request) {
  const std::string* host = request.header("Host");
  if (host == nullptr || !is_this_machine(*host)) return false;
  const std::string* origin = request.header("Origin");
  if (origin == nullptr) return true;
  const size_t begin = origin->find("://");
  return begin != std::string::npos && is_this_machine(std::string_view(*origin).substr(begin + 3));
}

std::optional<ServerReply> why_not(const ServerRequest& request) {
  if (request.method != "POST") {
    ServerReply reply = refusal(405, "messages come by POST; there are no streams and no sessions");
    reply.headers.push_back({"Allow", "POST"});
    return reply;
  }
  const std::string* type = request.header("Content-Type");
  if (type == nullptr || !type->starts_with(kJson)) return refusal(415, "a message is application/json");
  const std::string* accept = request.header("Accept");
  if (accept != nullptr && accept->find(kJson) == std::string::npos &&
      accept->find("*/*") == std::string::npos)
    return refusal(406, "answers are application/json");
  return std::nullopt;
}

class HttpServing {
 public:
  HttpServing(Loop& loop, const Mcp& mcp, Interruption& stop, HttpOptions options)
      : loop_(loop), mcp_(mcp), stop_(stop), options_(std::move(options)), ended_(loop), requests_(loop) {}

  Task<Result<void>> serve() {
    if (!is_this_machine(options_.listen))
      co_return Error{ErrorKind::config,
                      fmt::format("'{}' is not an address of this machine alone", options_.listen),
                      "listen on 127.0.0.1:PORT; `penstock serve` has logins, and serves agents elsewhere"};
    auto started =
        HttpServer::start({.listen = options_.listen, .threads = 8, .body_bytes_max = kMessageBytesMax},
                          [this](const ServerRequest& request) { return on_request(request); });
    if (!started.ok()) co_return started.error();
    if (options_.on_listening) options_.on_listening((*started)->url());
    Interruption::Act act(stop_);
    act.is([this] { ended_.set(); });
    co_await ended_.wait();
    co_await requests_.join();
    // Closed on another thread: requests that wait for this loop must be told that it ends.
    const auto server = std::make_shared<std::unique_ptr<HttpServer>>(*std::move(started));
    co_await loop_.offload([server] { server->reset(); });
    co_return success();
  }

 private:
  using Answer = std::promise<ServerReply>;

  // On a thread of the server, which waits for the loop.
  ServerReply on_request(const ServerRequest& request) {
    if (request.path != "/mcp") return refusal(404, "agents are served at /mcp");
    if (!is_from_here(request)) return refusal(403, "pages of other sites are not served");
    const auto answer = std::make_shared<Answer>();
    auto told = answer->get_future();
    loop_.post([this, request, answer] {
      if (ended_.is_set())
        answer->set_value(refusal(503, "ending"));
      else
        requests_.spawn(answer_on_loop(request, answer));
    });
    return told.get();
  }

  Task<void> answer_on_loop(ServerRequest request, std::shared_ptr<Answer> answer) {
    answer->set_value(co_await answer_http(mcp_, std::move(request), false));
  }

  Loop& loop_;
  const Mcp& mcp_;
  Interruption& stop_;
  HttpOptions options_;
  Event ended_;
  TaskGroup requests_;
};

}  // namespace

Task<ServerReply> answer_http(const Mcp& mcp, ServerRequest request, bool may_run) {
  if (auto refused = why_not(request)) co_return *std::move(refused);
  Peer peer;
  peer.may_run = may_run;
  if (const std::string* version = request.header("MCP-Protocol-Version")) {
    if (!is_spoken(*version))
      co_return refusal(400, fmt::format("version '{}' is not spoken here", *version));
    peer.version = *version;
  }
  std::string answer = co_await mcp.handle(peer, std::move(request.body));
  if (answer.empty()) co_return ServerReply{.status = 202};
  const bool is_no_message = answer.starts_with(R"({"jsonrpc":"2.0","id":null,"error")");
  co_return ServerReply{.status = is_no_message ? 400 : 200,
                        .headers = {{"Content-Type", std::string(kJson)}},
                        .body = std::move(answer)};
}

Task<Result<void>> serve_http(RealLoop& loop, const Mcp& mcp, Interruption& stop, HttpOptions options) {
  HttpServing serving(loop, mcp, stop, std::move(options));
  co_return co_await serving.serve();
}

}  // namespace penstock::mcp
