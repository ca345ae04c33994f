// An HTTP server: of the sandbox, of the service, and of tests. libmicrohttpd underneath.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"
#include "net/reply_stream.h"

namespace penstock {

struct ServerRequest {
  std::string method;
  std::string path;   // as it was sent, percent-encoded, without the query
  std::string query;  // as it was sent, without '?'
  Headers headers;
  std::string body;

  std::string address{};  // of the client, without its port

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
  // Decoded ('+' is a space); empty optional: there is no such parameter.
  std::optional<std::string> parameter(std::string_view name) const;
};

// What goes wrong on purpose: for the sandbox and for tests.
enum class Fault {
  none,
  reset,    // the connection is reset, no reply
  stall,    // no reply, ever; the connection stays open
  partial,  // the headers and half of the body, then the connection is closed
  garbage,  // bytes that are not HTTP, then the connection is closed
};

struct ServerReply {
  int status = 200;
  Headers headers{};  // Content-Length and Date come by themselves
  std::string body{};
  Duration delay{};  // before the reply is sent; other requests are served meanwhile
  Fault fault = Fault::none;
  // In the place of the body: what is pushed there, for as long as somebody does. Shared with who pushes.
  std::shared_ptr<ReplyStream> stream{};
};

struct HttpServerOptions {
  std::string listen = "127.0.0.1:0";  // ADDR:PORT, "[::1]:8080"; port 0: any that is free
  size_t threads = 1;
  size_t body_bytes_max = 64 << 20;  // a larger body is answered with 413, without the handler
  Duration idle_time_max = 120s;     // a connection on which nothing moves is closed after it; whole seconds
  // PEM, a certificate (with its chain) and its key: then HTTPS is spoken. Both or neither.
  std::string tls_certificate{}, tls_key{};
};

class HttpServer {
 public:
  // Called on the server's threads, on several at once if there are several. Must not throw.
  using Handler = std::function<ServerReply(const ServerRequest&)>;

  // Serves when it returns. Errors: config, naming the address (not an address, taken, not allowed).
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, Handler handler);
  // Closes all connections; the handler is not called any more when it returns.
  ~HttpServer();

  uint16_t port() const;
  // "http://127.0.0.1:8080", with the real port.
  const std::string& url() const;

 private:
  class Daemon;
  explicit HttpServer(std::unique_ptr<Daemon> daemon);

  std::unique_ptr<Daemon> daemon_;
};

}  // namespace penstock
