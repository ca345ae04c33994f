#include "sandbox/sandbox.h"

#include <fmt/format.h>

#include "net/http_server.h"
#include "sandbox/engine.h"

namespace penstock {

class Sandbox::Service {
 public:
  Service(std::unique_ptr<sandbox::Engine> engine, std::unique_ptr<HttpServer> server)
      : engine_(std::move(engine)), server_(std::move(server)) {}
  const HttpServer& server() const { return *server_; }

 private:
  std::unique_ptr<sandbox::Engine> engine_;
  std::unique_ptr<HttpServer> server_;  // goes first: its handler uses the engine
};

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxOptions& options, const Clock& clock) {
  auto engine = sandbox::Engine::make(options, clock);
  if (!engine.ok()) return engine.error();
  const bool is_v6 = options.address.find(':') != std::string::npos && !options.address.starts_with('[');
  HttpServerOptions server_options;
  server_options.listen =
      fmt::format(fmt::runtime(is_v6 ? "[{}]:{}" : "{}:{}"), options.address, options.port);
  server_options.threads = options.threads;
  auto handle = [engine = engine->get()](const ServerRequest& request) { return engine->handle(request); };
  auto server = HttpServer::start(server_options, handle);
  if (!server.ok()) return server.error();
  auto service = std::make_unique<Service>(*std::move(engine), *std::move(server));
  return std::unique_ptr<Sandbox>(new Sandbox(std::move(service)));
}

std::vector<std::string> sandbox_vendors() {
  return sandbox::vendor_names();
}

Sandbox::Sandbox(std::unique_ptr<Service> service) : service_(std::move(service)) {}
Sandbox::~Sandbox() = default;

uint16_t Sandbox::port() const {
  return service_->server().port();
}
const std::string& Sandbox::url() const {
  return service_->server().url();
}

}  // namespace penstock
