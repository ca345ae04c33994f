#include "net/http_server.h"

#include <fmt/format.h>
#include <microhttpd.h>

#include <algorithm>

#include "net/http_exchange.h"
#include "net/listen_socket.h"
#include "net/wake_later.h"

namespace penstock {
namespace {

// Of libmicrohttpd's buffers, per connection: the request's headers must fit, and a larger part of a body
// arrives in one call.
constexpr size_t kConnectionBytes = 64UL * 1024;
constexpr unsigned kConnectionsMax = 10'000;

std::string form_decode(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

}  // namespace

std::optional<std::string> ServerRequest::parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const size_t equals = pair.find('=');
    if (form_decode(pair.substr(0, equals)) != name) continue;
    return equals == pair.npos ? std::string() : form_decode(pair.substr(equals + 1));
  }
  return std::nullopt;
}

class HttpServer::Daemon {
 public:
  Daemon(ListenSocket socket, HttpServerOptions options, Handler handler)
      : socket_(std::move(socket)), options_(std::move(options)), handler_(std::move(handler)) {}
  ~Daemon() {
    streams_.close();
    later_.stop();  // libmicrohttpd cannot stop while connections are suspended
    if (daemon_) MHD_stop_daemon(daemon_);
  }

  bool start();
  const ListenSocket& socket() const { return socket_; }

 private:
  static void* on_target(void*, const char* target, MHD_Connection*) { return new HttpExchange(target); }
  static MHD_Result on_request(void* self, MHD_Connection* connection, const char*, const char* method,
                               const char*, const char* body, size_t* body_bytes, void** exchange) noexcept {
    auto* daemon = static_cast<Daemon*>(self);
    return static_cast<HttpExchange*>(*exchange)->take(connection, method, body, body_bytes, daemon->options_,
                                                       daemon->handler_, daemon->later_, daemon->streams_);
  }
  static void on_end(void*, MHD_Connection*, void** exchange, MHD_RequestTerminationCode) {
    delete static_cast<HttpExchange*>(std::exchange(*exchange, nullptr));
  }

  ListenSocket socket_;  // closed by libmicrohttpd
  HttpServerOptions options_;
  Handler handler_;
  WakeLater later_;
  OpenStreams streams_;
  MHD_Daemon* daemon_ = nullptr;
};

bool HttpServer::Daemon::start() {
  const auto idle_seconds = std::chrono::ceil<std::chrono::seconds>(options_.idle_time_max).count();
  const unsigned pool = options_.threads > 1 ? static_cast<unsigned>(options_.threads) : 0;
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO;
  // What stands behind MHD_OPTION_END is not read.
  MHD_OPTION tls_key = MHD_OPTION_END;
  if (!options_.tls_key.empty()) {
    flags |= MHD_USE_TLS;
    tls_key = MHD_OPTION_HTTPS_MEM_KEY;
  }
  daemon_ = MHD_start_daemon(flags, 0, nullptr, nullptr, &on_request, this,                       //
                             MHD_OPTION_LISTEN_SOCKET, socket_.fd,                                //
                             MHD_OPTION_THREAD_POOL_SIZE, pool,                                   //
                             MHD_OPTION_URI_LOG_CALLBACK, &on_target, this,                       //
                             MHD_OPTION_NOTIFY_COMPLETED, &on_end, this,                          //
                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytes,                //
                             MHD_OPTION_CONNECTION_LIMIT, kConnectionsMax,                        //
                             MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(idle_seconds),  //
                             tls_key, options_.tls_key.c_str(),                                   //
                             MHD_OPTION_HTTPS_MEM_CERT, options_.tls_certificate.c_str(),         //
                             MHD_OPTION_END);
  return daemon_ != nullptr;
}

HttpServer::HttpServer(std::unique_ptr<Daemon> daemon) : daemon_(std::move(daemon)) {}

HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, Handler handler) {
  Result<ListenSocket> socket = listen_on(options.listen);
  if (!socket.ok()) return socket.error();
  if (!options.tls_key.empty()) socket->url.replace(0, socket->url.find(':'), "https");
  auto daemon = std::make_unique<Daemon>(*std::move(socket), std::move(options), std::move(handler));
  if (!daemon->start()) {
    return Error{ErrorKind::internal,
                 fmt::format("the HTTP server at {} did not start", daemon->socket().url),
                 "check how many threads and open files are allowed (ulimit -a)"};
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(daemon)));
}

uint16_t HttpServer::port() const {
  return daemon_->socket().port;
}

const std::string& HttpServer::url() const {
  return daemon_->socket().url;
}

}  // namespace penstock
