#include "server/server.h"

#include <fmt/format.h>

#include "server/compress.h"
#include "server/gate.h"
#include "server/git_follower.h"
#include "server/pages.h"

namespace penstock::server {
namespace {

constexpr std::string_view kApi = "/api/v1";
constexpr size_t kBodyBytesMax = 8 << 20;

// For pages and answers alike: nothing is guessed, framed or told to others, and nothing from elsewhere is
// loaded. (developer.mozilla.org, HTTP headers, 2026-11-27)
void add_security_headers(ServerReply& reply, bool is_encrypted) {
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  reply.headers.emplace_back("X-Frame-Options", "DENY");
  reply.headers.emplace_back("Referrer-Policy", "same-origin");
  reply.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
      "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
  if (is_encrypted) reply.headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
}

// Without a word of the operator: where it listens.
std::string public_url_of(const ServerOptions& options) {
  if (options.public_url.empty())
    return fmt::format("http{}://{}", options.tls_key.empty() ? "" : "s", options.listen);
  std::string url = options.public_url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

bool is_for_others(const ServerOptions& options) {
  return !is_loopback(without_port(options.listen)) ||
         !is_loopback(without_port(host_of(public_url_of(options))));
}

// http:// or https://, a host, and no path: pages and cookies are at the top.
Result<void> check_public_url(const ServerOptions& options) {
  const std::string url = public_url_of(options);
  const bool is_web = url.starts_with("http://") || url.starts_with("https://");
  if (!is_web || url.substr(url.find("://") + 3) != host_of(url) || host_of(url).empty())
    return Error{ErrorKind::config, fmt::format("'{}' is not where people can reach the service", url),
                 "write --public-url https://sync.example.com, without a path"};
  if (!options.provider) return success();
  const bool is_vague = options.public_url.empty() &&
                        (options.listen.ends_with(":0") || !is_loopback(without_port(options.listen)));
  if (is_vague)
    return Error{ErrorKind::config, "the login provider must know where to lead people back to",
                 "say it: --public-url https://sync.example.com"};
  if (url.starts_with("https://") || is_loopback(without_port(host_of(url)))) return success();
  return Error{ErrorKind::config, fmt::format("people would come back from the login provider to {}", url),
               "use TLS, or a proxy that has it, and --public-url https://..."};
}

class RealServer final : public Server {
 public:
  RealServer(ServerParts parts, ServerOptions options)
      : parts_(std::move(parts)),
        options_(std::move(options)),
        plans_(parts_.service, events_, real_clock(), options_.version),
        site_{.service = parts_.service,
              .access = parts_.access,
              .mail = parts_.mail,
              .events = events_,
              .standings = standings_,
              .plans = plans_,
              .repositories = repositories_,
              .git = git_,
              .version = options_.version,
              .is_open_to_others = is_for_others(options_),
              .is_encrypted = public_url_of(options_).starts_with("https://"),
              .public_url = public_url_of(options_),
              .started = real_clock().now()} {
    parts_.service.watch(standings_);
    parts_.service.watch(events_);
    if (!options_.provider) return;
    access::OidcSettings settings = *options_.provider;
    settings.redirect_url = site_.public_url + std::string(kCallbackPath);
    provider_ = std::make_unique<ProviderLogin>(parts_.service, parts_.loop, parts_.client, settings);
    site_.provider = provider_.get();
  }
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;
  ~RealServer() override {
    events_.close();
    http_.reset();
    plans_.close();
  }

  Result<void> listen();
  const std::string& url() const override { return http_->url(); }
  void begin_to_stop() override {
    stopping_ = true;
    events_.close();
  }
  Task<void> follow_repository(Loop& loop) override { return git_.follow(loop); }
  void keep_alive() override {
    events_.keep_alive();
    plans_.forget_old();
  }

 private:
  ServerReply answer(const ServerRequest& request);
  ServerReply answer_api(const ServerRequest& request, std::string_view& route);
  ServerReply answer_agent(const ServerRequest& request);
  ServerReply answer_health(bool ready);

  const ServerParts parts_;
  const ServerOptions options_;
  EventHub events_;
  Standings standings_;
  Plans plans_;
  Repositories repositories_;
  GitFollower git_{parts_.service, repositories_};
  Site site_;
  std::unique_ptr<ProviderLogin> provider_;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<HttpServer> http_;
};

Result<void> RealServer::listen() {
  if (site_.is_open_to_others && provider_ == nullptr) {
    auto has_users = parts_.access.has_users();
    if (!has_users.ok()) return has_users.error();
    if (!*has_users)
      return Error{ErrorKind::config,
                   fmt::format("others reach {}, and nobody can log in yet",
                               options_.public_url.empty() ? options_.listen : options_.public_url),
                   "add a user first: `penstock user add NAME --role admin`"};
  }
  auto http = HttpServer::start({.listen = options_.listen,
                                 .threads = options_.threads,
                                 .body_bytes_max = kBodyBytesMax,
                                 .idle_time_max = 120s,
                                 .tls_certificate = options_.tls_certificate,
                                 .tls_key = options_.tls_key},
                                [this](const ServerRequest& request) { return answer(request); });
  if (!http.ok()) return http.error();
  http_ = *std::move(http);
  return success();
}

ServerReply RealServer::answer(const ServerRequest& request) {
  const Instant begun = real_clock().instant();
  std::string_view route = "pages";
  ServerReply reply;
  if (request.path.starts_with(kApi)) {
    reply = answer_api(request, route);
  } else if (request.path == "/healthz" || request.path == "/readyz") {
    route = request.path == "/healthz" ? "/healthz" : "/readyz";
    reply = answer_health(request.path == "/readyz");
  } else if (request.path == "/mcp" && parts_.agents) {
    route = "/mcp";
    reply = answer_agent(request);
  } else if (request.path == "/hooks/git") {
    route = "/hooks/git";
    reply = git_.answer_hook(request);
  } else if (request.path == "/metrics") {
    route = "/metrics";
    Call call{site_, request};
    auto refused = refuse(call, Need::view);
    reply = refused ? *std::move(refused)
                    : ServerReply{.headers = {{"Content-Type", "text/plain; version=0.0.4"}},
                                  .body = parts_.metrics ? parts_.metrics() : ""};
  } else {
    reply = page_reply(request);
  }
  compress_reply(request, reply);
  add_security_headers(reply, site_.is_encrypted);
  if (parts_.on_request) parts_.on_request(route, reply.status, real_clock().instant() - begun);
  return reply;
}

ServerReply RealServer::answer_api(const ServerRequest& request, std::string_view& route) {
  route = "unknown";
  const std::string_view path = std::string_view(request.path).substr(kApi.size());
  if (path == "/openapi.yaml" && request.method == "GET") {
    route = "/openapi.yaml";
    return {.headers = {{"Content-Type", "application/yaml"}}, .body = std::string(openapi_text())};
  }
  Found found = find_route(request.method, path);
  if (found.route == nullptr) {
    if (found.is_other_method) return problem(405, "not_found", "this cannot be done with this path");
    return problem(404, "not_found", "there is no such path", "see /api/v1/openapi.yaml");
  }
  route = found.route->path;
  Call call{site_, request, std::move(found.parameters)};
  if (auto refused = refuse(call, found.route->need)) return *std::move(refused);
  ServerReply reply = found.route->answer(call);
  if (!reply.stream) reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

ServerReply RealServer::answer_agent(const ServerRequest& request) {
  Call call{site_, request};
  if (auto refused = refuse(call, Need::view)) return *std::move(refused);
  const bool may_run = call.who.may(access::Action::run);
  auto reply = parts_.service.on_loop<ServerReply>(
      [this, request, may_run](RunParts, service::LoadedRef) -> Task<Result<ServerReply>> {
        return [](const ServerParts& parts, ServerRequest asked, bool may) -> Task<Result<ServerReply>> {
          co_return co_await parts.agents(std::move(asked), may);
        }(parts_, request, may_run);
      });
  return reply.ok() ? *std::move(reply) : problem(reply.error());
}

ServerReply RealServer::answer_health(bool ready) {
  if (stopping_ && ready) return json_reply(R"({"status":"stopping"})", 503);
  if (!ready) return json_reply(R"({"status":"ok"})");
  auto open = parts_.service.queue().open_runs();
  if (!open.ok()) return problem(open.error());
  return json_reply(R"({"status":"ok"})");
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerParts parts, ServerOptions options) {
  if (auto checked = check_public_url(options); !checked.ok()) return checked.error();
  auto server = std::make_unique<RealServer>(std::move(parts), std::move(options));
  if (auto listening = server->listen(); !listening.ok()) return listening.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace penstock::server
