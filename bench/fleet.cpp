// A fleet of syncs in virtual time: real deliveries by the shipped connectors to the stand-ins of their
// vendors, which have the vendors' limits. How many are through soon, where only the destinations hold them
// up.
//
//     fleet [--syncs N] [--accounts N] [--within SECONDS] [--seed N]
//
// Rows to be sent are spread log-normally (median 200, 99th percentile 50,000). Each sync begins at some
// moment within the given time, and writes to one of the accounts of its vendor. Prints JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <map>
#include <numbers>

#include "async/sim_loop.h"
#include "async/task_group.h"
#include "base/memory_disk.h"
#include "connector/login.h"
#include "deliver/accounts.h"
#include "deliver/deliver.h"
#include "rehearse/destination.h"
#include "sandbox/engine.h"

namespace penstock {
namespace {

struct Vendor {
  std::string name, object, match;
  connector::MatchKind kind;
  std::vector<std::string> fields;
  std::map<std::string, std::string> settings;
  std::string limit;                      // that the stand-in enforces
  Duration job_time;                      // of a job, whatever its size
  Duration answer, each_row;              // the usual time of an answer, and what each row adds to it
  std::string first_request, first_body;  // makes what the vendor must know before the rows come
};

// Times of answers are our assumption; limits are the connectors' own (see their declarations for sources).
const std::vector<Vendor>& vendors() {
  using connector::MatchKind;
  static const std::vector<Vendor> all{
      {"hubspot",
       "contacts",
       "email",
       MatchKind::unique,
       {"firstname", "lastname", "city"},
       {{"access_token", "fleet"}, {"account", "professional"}},
       "190/10s",
       0s,
       250ms,
       5ms,
       "",
       ""},
      {"salesforce",
       "Contact",
       "Ext__c",
       MatchKind::unique,
       {"LastName", "Phone", "Email"},
       {{"access_token", "fleet"}, {"version", "v62.0"}, {"duplicates", "false"}},
       "none",
       20s,
       300ms,
       4ms,
       "/services/data/v62.0/composite/sobjects",
       R"({"allOrNone":false,"records":[{"attributes":{"type":"Contact"},"LastName":"first","Ext__c":"first"}]})"},
      {"braze",
       "users",
       "external_id",
       MatchKind::id,
       {"first_name", "last_name", "home_city"},
       {{"api_key", "fleet"}, {"contract", "current"}},
       "3000/3s",
       0s,
       150ms,
       1ms,
       "",
       ""},
      {"zendesk",
       "users",
       "external_id",
       MatchKind::unique,
       {"name", "email", "phone"},
       {{"oauth_token", "fleet"}, {"plan", "enterprise"}},
       "700/1m",
       4s,
       250ms,
       0ms,
       "",
       ""},
  };
  return all;
}

template <class T>
T must(Result<T> result) {
  if (!result.ok()) die(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

// One account of a vendor: its stand-in behind a network that takes its time.
class Account final : public HttpClient {
 public:
  Account(SimLoop& loop, const Vendor& vendor, size_t number, Random& random)
      : loop_(loop),
        vendor_(vendor),
        random_(random),
        url_(fmt::format("http://{}-{}.example", vendor.name, number)) {
    SandboxOptions options;
    options.vendor = vendor.name;
    options.limit = must(sandbox::parse_rate_limit(vendor.limit));
    options.job_time = vendor.job_time;
    engine_ = must(sandbox::Engine::make(options, loop.clock()));
    begin();
  }

  Task<HttpOutcome> send(HttpRequest request) override {
    HttpReply reply;
    reply.started = loop_.now();
    co_await loop_.sleep_for(vendor_.answer / 4);  // on its way
    ServerReply given = handle(request.method, request.url.substr(url_.size()), std::move(request.headers),
                               std::move(request.body));
    throttled_ += given.status == 429;
    const double stretch = std::exp(0.5 * normal(random_));
    co_await loop_.sleep_for(
        std::chrono::duration_cast<Duration>(stretch * (vendor_.answer * 3 / 4 + vendor_.each_row * 100)));
    reply.status = given.status;
    reply.headers = std::move(given.headers);
    reply.body = std::move(given.body);
    reply.finished = loop_.now();
    co_return reply;
  }

  // Two independent numbers of a normal distribution are made of two even ones (Box and Muller); one is used.
  static double normal(Random& random) {
    return std::sqrt(-2 * std::log(1 - random.fraction())) *
           std::cos(2 * std::numbers::pi * random.fraction());
  }

  void enter() { ++syncs_; }
  // When nobody writes to it what it holds is forgotten: a fleet's rows would not fit into memory.
  void leave() {
    if (--syncs_ > 0) return;
    (void)handle("POST", "/_sandbox/reset", {}, "");
    begin();
  }
  const std::string& url() const { return url_; }
  uint64_t throttled() const { return throttled_; }

 private:
  void begin() {
    if (!vendor_.first_request.empty())
      (void)handle("POST", vendor_.first_request, {{"Authorization", "Bearer fleet"}}, vendor_.first_body);
  }
  ServerReply handle(std::string method, const std::string& target, Headers headers, std::string body) {
    ServerRequest request;
    request.method = std::move(method);
    const size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != target.npos) request.query = target.substr(question + 1);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return engine_->handle(request);
  }

  SimLoop& loop_;
  const Vendor& vendor_;
  Random& random_;
  std::string url_;
  std::unique_ptr<sandbox::Engine> engine_;
  size_t syncs_ = 0;
  uint64_t throttled_ = 0;
};

struct Options {
  size_t syncs = 1000, accounts = 50;  // accounts of each vendor
  uint64_t within = 3600, seed = 1;
};

class Fleet {
 public:
  explicit Fleet(Options options) : options_(options), random_(options.seed) {}

  void run() {
    TaskGroup group(loop_);
    for (size_t i = 0; i < options_.syncs; ++i) group.spawn(sync(i));
    loop_.run([](TaskGroup& all) -> Task<void> { co_await all.join(); }(group));
  }

  void print() const {
    fmt::print("{{\"syncs\":{},\"rows\":{},\"throttled\":{},\"all\":{}", options_.syncs, rows_, throttled(),
               shares(""));
    for (const auto& vendor : vendors()) fmt::print(",\"{}\":{}", vendor.name, shares(vendor.name));
    fmt::print("}}\n");
  }

 private:
  struct Took {
    std::string vendor;
    Duration time;
  };

  Task<void> sync(size_t number) {
    const Vendor& vendor = vendors()[number % vendors().size()];
    const size_t rows = draw_rows();
    const auto begin = Duration(static_cast<int64_t>(random_.below(options_.within * 1'000'000)));
    Account& account = account_of(vendor, number / vendors().size() % options_.accounts);
    co_await loop_.sleep_for(begin);
    account.enter();
    const Instant started = loop_.now();
    co_await deliver(vendor, account, fmt::format("s{}", number), rows);
    took_.push_back({vendor.name, loop_.now() - started});
    rows_ += rows;
    account.leave();
  }

  // The 99th percentile is 2.326 standard deviations above the median.
  size_t draw_rows() {
    static const double kDeviation = std::log(50'000.0 / 200) / 2.326;
    return static_cast<size_t>(std::ceil(200 * std::exp(kDeviation * Account::normal(random_))));
  }

  Account& account_of(const Vendor& vendor, size_t number) {
    auto& account = accounts_[{vendor.name, number}];
    if (!account) account = std::make_unique<Account>(loop_, vendor, number, random_);
    return *account;
  }

  Task<void> deliver(const Vendor& vendor, Account& account, std::string name, size_t count) {
    const auto connector = catalog_.find(vendor.name);
    connector::TargetSettings settings{vendor.settings, {}};
    settings.values["base_url"] = account.url();
    connector::TargetFacts facts;
    facts.sync = name;
    facts.object = vendor.object;
    facts.match_fields = {vendor.match};
    facts.match_kind = vendor.kind;
    facts.fields = vendor.fields;
    Access access(loop_, account, connector::bind_login(connector->declaration(), settings.values, {}),
                  RefreshTokens(disk_, "logins", name));
    auto target = must(connector::Target::bind(connector, settings, facts));
    if (const auto from = target.bulk_from()) target.use_bulk(count >= *from);
    RouteRules rules;
    rules.mode = config::Mode::upsert;
    rules.write.assign(vendor.fields.size(), WritePolicy::always);
    rules.omit_null.assign(vendor.fields.size(), false);
    const Router router = must(Router::make(target, rules));
    auto connection = must(database_.connect());
    auto rows = must(rehearse::QueriedRows::open(connection, sql(vendor, name, count), {{}},
                                                 std::vector<ValueType>(vendor.fields.size())));
    RunFacts run;
    run.run = name;
    auto journal = must(Journal::create(loop_, disk_, name, run));
    const auto limits = limits_.of(target, 1);
    DeliveryOptions options;
    options.run = name;
    Delivery delivery({loop_, account, access, target, router, *limits, *journal, random_, options});
    must(co_await delivery.run(rows));
    if (delivery.progress().outcomes.accepted != count)
      die(fmt::format("{}: {} of {} rows were accepted", vendor.name, delivery.progress().outcomes.accepted,
                      count));
    journal.reset();
    (void)disk_.remove(name);
  }

  static std::string sql(const Vendor& vendor, const std::string& name, size_t count) {
    std::string fields;
    for (const auto& field : vendor.fields)
      fields += field == "email" || field == "Email" ? fmt::format(", '{}-' || i || '@example.com'", name)
                                                     : fmt::format(", '{} ' || i", field);
    const char* end = vendor.match == "email" ? "@example.org" : "";
    return fmt::format(
        "SELECT CAST(i AS UBIGINT), 'added', 'k' || i, CAST(0 AS UBIGINT), CAST(i AS UBIGINT), CAST(i AS "
        "UBIGINT), "
        "CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), '{}-' || i || '{}'{} FROM "
        "range({}) t(i)",
        name, end, fields, count);
  }

  std::string shares(const std::string& vendor) const {
    size_t syncs = 0, soon = 0, later = 0;
    Duration longest{};
    for (const auto& took : took_) {
      if (!vendor.empty() && took.vendor != vendor) continue;
      ++syncs, soon += took.time <= 30s, later += took.time <= 3min;
      longest = std::max(longest, took.time);
    }
    const auto share = [&](size_t part) {
      return static_cast<double>(part) / static_cast<double>(std::max<size_t>(syncs, 1));
    };
    return fmt::format("{{\"within_30s\":{:.4f},\"within_3min\":{:.4f},\"longest_s\":{:.0f}}}", share(soon),
                       share(later), std::chrono::duration<double>(longest).count());
  }

  uint64_t throttled() const {
    uint64_t sum = 0;
    for (const auto& [name, account] : accounts_) sum += account->throttled();
    return sum;
  }

  Options options_;
  SimLoop loop_;
  Random random_;
  MemoryDisk disk_;
  duck::Database database_ = must(duck::Database::open({}));
  connector::Catalog catalog_;
  Accounts limits_{loop_, ""};
  std::map<std::pair<std::string, size_t>, std::unique_ptr<Account>> accounts_;
  std::vector<Took> took_;
  uint64_t rows_ = 0;
};

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  CLI::App app("A fleet of syncs in virtual time");
  penstock::Options options;
  app.add_option("--syncs", options.syncs, "How many");
  app.add_option("--accounts", options.accounts, "Accounts of each vendor");
  app.add_option("--within", options.within, "Seconds in which they begin");
  app.add_option("--seed", options.seed, "Of everything random");
  CLI11_PARSE(app, argc, argv);
  penstock::Fleet fleet(options);
  fleet.run();
  fleet.print();
}
