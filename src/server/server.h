// The HTTP server of `penstock serve`: API, pages, metrics, health. The face of this folder.
//
//     request -> gate (who is it, may he?) -> route -> answer
//
// api/openapi.yaml describes the API, and is served at /api/v1/openapi.yaml; routes.cpp is the same list in
// code, and tests/server holds one to the other.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "access/access.h"
#include "access/oidc.h"
#include "alert/mail.h"
#include "async/loop.h"
#include "net/http_server.h"
#include "service/service.h"

namespace penstock::server {

struct ServerOptions {
  std::string listen = "127.0.0.1:7070";
  std::string tls_certificate, tls_key;  // PEM; both or neither
  std::string public_url{};  // where people reach it, if not at `listen`: https://sync.example.com
  // Where people may log in, too. Its redirect_url is made here.
  std::optional<access::OidcSettings> provider{};
  std::string version;  // of the program
  size_t threads = 8;
};

// All outlive the server.
struct ServerParts {
  Loop& loop;
  HttpClient& client;  // to what the operator names: the login provider
  service::Service& service;
  access::Access& access;
  alert::MailSender& mail;               // for alerts that are tried
  std::function<std::string()> metrics;  // Prometheus' text; thread-safe
  // Answers the Model Context Protocol at /mcp, on the loop; may be empty. `may_run`: whether the caller may
  // send.
  std::function<Task<ServerReply>(ServerRequest request, bool may_run)> agents{};
  // That a request was answered: the route as api/openapi.yaml has it. Thread-safe; may be empty.
  std::function<void(std::string_view route, int status, Duration took)> on_request;
};

// Thread-safe.
class Server {
 public:
  // Watches the service, which does not run yet. Errors: config: the address cannot be had, others reach it
  // while nobody could log in, or a login provider does not know where to lead people back to.
  static Result<std::unique_ptr<Server>> start(ServerParts parts, ServerOptions options);
  virtual ~Server() = default;

  virtual const std::string& url() const = 0;
  // Health is told as stopping, and streams end.
  virtual void begin_to_stop() = 0;
  // Goes on beside the service: takes over what others pushed. On the loop; ends with its task.
  virtual Task<void> follow_repository(Loop& loop) = 0;
  // To be called every 15 seconds: streams stay open, and what nobody asks for any more is forgotten.
  virtual void keep_alive() = 0;
};

}  // namespace penstock::server
