// serve, worker: what a team leaves running.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <set>

#include "access/access.h"
#include "async/interrupts.h"
#include "cli/alert_watcher.h"
#include "cli/command.h"
#include "cli/metrics_file.h"
#include "cli/session.h"
#include "cli/version.h"
#include "log/log.h"
#include "mcp/http.h"
#include "metrics/metrics.h"
#include "net/curl_client.h"
#include "server/server.h"
#include "service/service.h"

namespace penstock::cli {
namespace {

struct ServeOptions {
  std::string listen = "127.0.0.1:7070";
  std::string certificate, key;  // files
  std::string public_url;
  std::vector<std::string> allowed_addresses;
  std::string log_format, log_level;
  size_t runs_at_once = 32, plans_at_once = 2;
  bool schedules = true;
};

// What goes on, as lines of the log and as metrics.
class Chronicle final : public service::Watcher {
 public:
  explicit Chronicle(Metrics& metrics) : metrics_(metrics) {}
  void on_queued(const QueuedRun& run) override {
    log::event(
        log::Level::info, "run_queued",
        {{"run", run.run}, {"sync", run.sync}, {"kind", run.kind}, {"cause", run.cause}, {"by", run.by}});
  }
  void on_queue(uint64_t runs) override { metrics_.set_queue(Queue::runs, runs); }
  void on_missed(const config::Sync& sync, uint64_t times) override {
    metrics_.on_missed(sync.name, times);
    log::event(log::Level::warning, "schedule_missed", {{"sync", sync.name}, {"times", times}});
  }
  void on_begun(const QueuedRun& run) override {
    const Duration late = std::max(Duration(0), real_clock().now() - run.asked);
    log::event(log::Level::info, "run_begun",
               {{"run", run.run}, {"sync", run.sync}, {"late", in_seconds(late)}});
    if (run.cause == "schedule") metrics_.on_late(run.sync, late);
  }
  void on_progress(const QueuedRun&, const RunProgress& progress) override { metrics_.on_progress(progress); }
  void on_request(const config::Sync& sync, const SentRequest& sent) override {
    metrics_.on_request(sync, sent);
  }
  void on_ended(const QueuedRun& run, const service::LoadedRef&, const config::Sync* sync,
                const Result<RunReport>& result) override {
    if (!result.ok()) {
      if (sync != nullptr) metrics_.on_run_refused(*sync);
      log::event(log::Level::error, "run_failed",
                 {{"run", run.run},
                  {"sync", run.sync},
                  {"kind", name_of(result.error().kind)},
                  {"error", result.error().message}});
      return;
    }
    if (sync != nullptr) metrics_.on_run_ended(*sync, *result);
    const RunRow& row = result->run;
    const auto level = row.status == "failed" || row.status == "stopped" ? log::Level::error
                       : row.status == "succeeded"                       ? log::Level::info
                                                                         : log::Level::warning;
    log::event(level, "run_ended",
               {{"run", row.run},
                {"sync", row.sync},
                {"status", row.status},
                {"rows", row.rows},
                {"sent", row.sent},
                {"accepted", row.accepted},
                {"rejected", row.rejected},
                {"requests", row.requests},
                {"seconds", row.seconds()},
                {"error", row.error}});
  }
  void on_late(const config::Sync& sync, Time since, const std::string& run) override {
    const std::string once = sync.name + iso8601(since);
    if (!told_.insert(once).second) return;
    log::event(log::Level::warning, "run_late",
               {{"sync", sync.name}, {"since", iso8601(since)}, {"run", run}});
  }
  void on_loaded(const service::LoadedRef& loaded) override {
    metrics_.know(loaded->project());
    log::event(log::Level::info, "project_loaded",
               {{"project", loaded->project().name}, {"syncs", loaded->project().syncs.size()}});
  }
  void on_trouble(const std::string& what, const Error& error) override {
    const std::string text = what + error.message;
    if (std::exchange(trouble_, text) == text) return;  // until something else is the matter
    log::event(log::Level::error, "trouble",
               {{"what", what}, {"error", error.message}, {"remedy", error.remedy}});
  }

 private:
  Metrics& metrics_;
  std::set<std::string> told_;
  std::string trouble_;
};

std::string worker_name() {
  char host[256] = {};
  (void)::gethostname(host, sizeof host - 1);
  auto random = Random::from_system();
  return fmt::format("{}:{}:{:08x}", host, ::getpid(), static_cast<uint32_t>(random.next()));
}

// A connection of the API, of a destination, of a source: each is a file.
void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

std::optional<std::string> variable_of_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == 0) return std::nullopt;
  return value;
}

Result<std::string> read_pem(const std::string& file) {
  if (file.empty()) return std::string();
  auto text = real_disk().read(file);
  if (!text.ok()) return Error{ErrorKind::config, text.error().message, "name a PEM file"};
  return text;
}

Task<void> keep_alive(Loop& loop, server::Server& server) {
  for (;;) {
    co_await loop.sleep_for(15s);
    server.keep_alive();
  }
}

// Everything of the process, in the order in which it is made; it goes the other way.
class Serving {
 public:
  Serving(const Globals& globals, const ServeOptions& options) : globals_(globals), options_(options) {}

  int run(bool with_server) {
    if (auto opened = open(with_server); !opened.ok()) {
      if (!problems_.ok()) print_diagnostics(globals_, problems_);
      return print_error(globals_, opened.error());
    }
    const InterruptWatch watch(loop_, [this](Interrupt interrupt) {
      if (interrupt.nth > 1) ::_exit(interrupted_exit(interrupt.signal));
      log::event(log::Level::info, "stopping", {{"running", service_->running()}});
      if (server_) server_->begin_to_stop();
      service_->stop();
    });
    TaskGroup beside(loop_);
    if (server_) {
      beside.spawn(keep_alive(loop_, *server_));
      beside.spawn(server_->follow_repository(loop_));
      fmt::print("{}\n", server_->url());
      std::fflush(stdout);
    }
    log::event(log::Level::info, "started",
               {{"version", kVersionText},
                {"url", server_ ? server_->url() : ""},
                {"project", service_->project()->project().name},
                {"worker", name_}});
    loop_.run(service_->run());
    beside.cancel();
    loop_.run(alerts_->finish());
    log::event(log::Level::info, "stopped");
    return kDone;
  }

 private:
  Result<void> open(bool with_server) {
    auto settings = log::settings_of(options_.log_format, options_.log_level);
    if (!settings.ok()) return settings.error();
    log::open(*settings, real_clock());
    allow_many_files();
    auto workspace = Workspace::open(real_disk(), real_clock(), globals_.directory, problems_);
    if (!problems_.ok())
      return Error{ErrorKind::config, "the project's files have errors", "mend them: `penstock check`"};
    auto client = open_client(loop_, *workspace);
    if (!client.ok()) return client.error();
    client_ = *std::move(client);
    auto own = CurlClient::create(loop_, {.ca_file = own_authorities()});
    if (!own.ok()) return own.error();
    operators_client_ = *std::move(own);
    mail_ = alert::curl_mail_sender(loop_, own_authorities());
    if (auto opened = open_service(with_server); !opened.ok()) return opened;
    return with_server ? open_server(*workspace) : success();
  }

  Result<void> open_service(bool with_metrics) {
    service::ServiceOptions wanted;
    wanted.directory = globals_.directory;
    wanted.schedules = options_.schedules;
    wanted.tells_queue = with_metrics;
    auto addresses = AddressPolicy::guarded(options_.allowed_addresses);
    if (!addresses.ok()) return addresses.error();
    wanted.addresses = *std::move(addresses);
    wanted.worker.name = name_ = worker_name();
    wanted.worker.runs_at_once = options_.runs_at_once;
    wanted.worker.plans_at_once = options_.plans_at_once;
    auto service =
        service::Service::open({loop_, real_disk(), *client_, random_}, std::move(wanted), problems_);
    if (!service.ok()) return service.error();
    service_ = *std::move(service);
    metrics_.know(service_->project()->project());
    service_->watch(chronicle_);
    alerts_ = std::make_unique<AlertWatcher>(loop_, *client_, *mail_, random_, metrics_);
    alerts_->on_loaded(service_->project());
    service_->watch(*alerts_);
    // What was before this process; a state that cannot be read just now is told elsewhere.
    (void)tell_standing(*service_->project()->workspace, metrics_);
    return success();
  }

  Result<void> open_server(const Workspace& workspace) {
    const std::string file = access_file(workspace);
    if (auto made = real_disk().make_directories(file.substr(0, file.rfind('/'))); !made.ok())
      return made.error();
    auto access = access::Access::open(file, real_clock());
    if (!access.ok()) return access.error();
    access_ = *std::move(access);
    auto certificate = read_pem(options_.certificate), key = read_pem(options_.key);
    if (!certificate.ok()) return certificate.error();
    if (!key.ok()) return key.error();
    auto provider = access::oidc_settings(variable_of_environment, "");
    if (!provider.ok()) return provider.error();
    auto server = server::Server::start(
        {.loop = loop_,
         .client = *operators_client_,
         .service = *service_,
         .access = *access_,
         .mail = *mail_,
         .metrics = [this] { return metrics_.text(); },
         .agents = [this](ServerRequest request,
                          bool may_run) { return mcp::answer_http(agents_, std::move(request), may_run); },
         .on_request = [this](std::string_view route, int status,
                              Duration took) { metrics_.on_api_request(route, status, took); }},
        {.listen = options_.listen,
         .tls_certificate = *std::move(certificate),
         .tls_key = *std::move(key),
         .public_url = options_.public_url,
         .provider = *std::move(provider),
         .version = std::string(kVersionText)});
    if (!server.ok()) return server.error();
    server_ = *std::move(server);
    return success();
  }

  const Globals& globals_;
  const ServeOptions& options_;
  declare::Diagnostics problems_;
  std::string name_;
  // A store's request keeps a thread busy until it is answered; so does the queue.
  RealLoop loop_{32};
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<HttpClient> operators_client_;  // to what the operator names outside of the project
  Random random_ = Random::from_system();
  const mcp::Mcp agents_{
      {.loop = loop_,
       .disk = real_disk(),
       .clock = real_clock(),
       .random = random_,
       .directory = globals_.directory,
       .version = std::string(kVersion),
       .connect = [this](const Workspace& workspace) { return open_client(loop_, workspace); }}};
  Metrics metrics_{real_clock(), PENSTOCK_VERSION};
  Chronicle chronicle_{metrics_};
  std::unique_ptr<alert::MailSender> mail_;
  std::unique_ptr<AlertWatcher> alerts_;
  std::unique_ptr<service::Service> service_;
  std::unique_ptr<access::Access> access_;
  std::unique_ptr<server::Server> server_;
};

void add_worker_options(CLI::App& command, ServeOptions& given) {
  command.add_option("--runs", given.runs_at_once, "Runs that may go on at once")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--plans", given.plans_at_once, "Plans that may be made at once: each takes all cores")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command
      .add_option(
          "--allow-address", given.allowed_addresses,
          "Addresses that may be reached although they are not public and were entered by the API or\n"
          "the pages; may be repeated. What the operator's own files name may always")
      ->type_name("RANGE")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->envname("PENSTOCK_ALLOW_ADDRESSES");
  command.add_option("--log-format", given.log_format, "text or json; PENSTOCK_LOG_FORMAT does the same")
      ->type_name("FORMAT");
  command
      .add_option("--log-level", given.log_level,
                  "debug, info, warning or error; PENSTOCK_LOG_LEVEL does the same")
      ->type_name("LEVEL");
}

}  // namespace

std::string access_file(const Workspace& workspace) {
  return join_path(workspace.local_directory(), "access.db");
}

void add_serve(Door door) {
  auto* command = door.app.add_subcommand("serve", "Leave it running: schedules, HTTP API and web interface");
  command->footer(
      "Runs what is due by its schedule and what is asked for, until it is told to stop (Ctrl-C, SIGTERM):\n"
      "then runs come to an orderly end, and go on when it is started again.\n"
      "On loopback everybody at this machine may do everything until there is a user. Other addresses ask\n"
      "for a login: add a user first, and use TLS or a proxy that has it. PENSTOCK_OIDC_ISSUER and its\n"
      "fellows (docs/security.md) let people log in at a provider.\n"
      "Examples:\n  penstock serve\n  penstock user add anna --role admin\n"
      "  penstock serve --listen 0.0.0.0:7070 --tls-cert cert.pem --tls-key key.pem\n"
      "  penstock serve --public-url https://sync.example.com       # behind a proxy\n"
      "  curl http://127.0.0.1:7070/api/v1/syncs");
  auto given = std::make_shared<ServeOptions>();
  command->add_option("--listen", given->listen, "Where; port 0 takes any that is free")
      ->type_name("ADDR:PORT")
      ->capture_default_str();
  auto* certificate =
      command->add_option("--tls-cert", given->certificate, "A PEM file: HTTPS is spoken")->type_name("FILE");
  command->add_option("--tls-key", given->key, "The PEM file of its key")
      ->type_name("FILE")
      ->needs(certificate);
  certificate->needs("--tls-key");
  command
      ->add_option("--public-url", given->public_url,
                   "Where people reach it, when that is not where it listens: a proxy before it")
      ->type_name("URL")
      ->envname("PENSTOCK_PUBLIC_URL");
  add_worker_options(*command, *given);
  command->add_flag("!--no-schedules", given->schedules, "Runs only what is asked for");
  command->callback(
      [door, given] { door.run = [door, given] { return Serving(door.globals, *given).run(true); }; });
}

void add_worker(Door door) {
  auto* command = door.app.add_subcommand("worker", "One more worker on a shared state");
  command->footer(
      "Takes runs from the queue of the project's state (`state: postgres://...`) and carries them out. "
      "Start\n"
      "as many as you like, on as many machines: each run is carried out by one. A `penstock serve` "
      "somewhere\n"
      "puts in what is due.\n"
      "Example:\n  penstock worker -C /srv/acme --runs 8");
  auto given = std::make_shared<ServeOptions>();
  given->schedules = false;
  add_worker_options(*command, *given);
  command->callback(
      [door, given] { door.run = [door, given] { return Serving(door.globals, *given).run(false); }; });
}

}  // namespace penstock::cli
