#include "source/postgres/postgres_source.h"

#include <fmt/format.h>

#include <set>

#include "source/postgres/reading.h"

namespace penstock {
namespace {

using namespace declare;
using postgres::as_error;
using postgres::Connection;
using postgres::Fetch;

constexpr Duration kConnectMax = 15s;

class PostgresWarehouse final : public Warehouse {
 public:
  PostgresWarehouse(std::shared_ptr<Connection> connection, postgres::Terms terms, const OpenOptions& options)
      : connection_(std::move(connection)), terms_(std::move(terms)), options_(options) {}

  Result<OpenedModel> open_query(const std::string& sql) override {
    auto columns = describe(sql);
    if (!columns.ok()) return columns.error();
    return stream_into_duckdb(postgres::make_reading(connection_, {sql, *std::move(columns)}, terms_),
                              options_);
  }

  Result<std::vector<SourceTable>> tables() override {
    // What this role may read; pg_class rather than information_schema, which leaves out materialized views.
    auto outcome =
        run("SELECT CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END, "
            "coalesce(obj_description(c.oid, 'pg_class'), '') FROM pg_class c JOIN pg_namespace n ON n.oid = "
            "c.relnamespace WHERE c.relkind IN ('r','p','v','m','f') AND n.nspname NOT LIKE 'pg\\_%' AND "
            "n.nspname <> "
            "'information_schema' AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, "
            "'SELECT') "
            "ORDER BY 1");
    if (!outcome.ok()) return as_error(outcome.trouble, "", 0);
    std::vector<SourceTable> all;
    for (size_t i = 0; i < outcome.rows->count(); ++i)
      all.push_back({std::string(outcome.rows->text(i, 0)), std::string(outcome.rows->text(i, 1))});
    return all;
  }

 private:
  postgres::Outcome run(const std::string& sql) {
    connection_->set_deadline(terms_.time_max + kConnectMax);
    if (auto begun = connection_->run(terms_.begin); !begun.ok()) return begun;
    auto outcome = connection_->run(sql);
    if (outcome.ok())
      if (auto ended = connection_->run("COMMIT"); !ended.ok()) return ended;
    return outcome;
  }

  // What the query gives, told by a run of it that gives no rows.
  Result<std::vector<postgres::Carried>> describe(const std::string& sql) {
    const std::string head = "SELECT * FROM (\n";
    auto outcome = run(fmt::format("{}{}\n) AS penstock_model LIMIT 0", head, sql));
    if (!outcome.ok()) return as_error(outcome.trouble, sql, head.size());
    const PGresult* result = outcome.rows->get();
    std::vector<std::string> names;
    for (int i = 0; i < PQnfields(result); ++i) names.emplace_back(PQfname(result, i));
    if (auto named = check_names(names); !named.ok()) return named.error();
    auto lists = which_are_lists(result);
    if (!lists.ok()) return lists.error();
    std::vector<postgres::Carried> columns;
    for (size_t i = 0; i < names.size(); ++i) {
      const uint32_t type = PQftype(result, static_cast<int>(i));
      columns.push_back(
          postgres::carried(names[i], type, PQfmod(result, static_cast<int>(i)), lists->contains(type)));
    }
    return columns;
  }

  // Arrays and composite types, of which the server makes JSON.
  Result<std::set<uint32_t>> which_are_lists(const PGresult* result) {
    std::string unknown;
    for (int i = 0; i < PQnfields(result); ++i)
      if (const uint32_t type = PQftype(result, i); !postgres::is_known(type))
        unknown += fmt::format("{}{}", unknown.empty() ? "" : ",", type);
    std::set<uint32_t> lists;
    if (unknown.empty()) return lists;
    auto outcome =
        run(fmt::format("SELECT oid FROM pg_type WHERE oid IN ({}) AND typcategory IN ('A', 'C')", unknown));
    if (!outcome.ok()) return as_error(outcome.trouble, "", 0);
    for (size_t i = 0; i < outcome.rows->count(); ++i)
      lists.insert(static_cast<uint32_t>(std::stoul(std::string(outcome.rows->text(i, 0)))));
    return lists;
  }

  std::shared_ptr<Connection> connection_;
  postgres::Terms terms_;
  OpenOptions options_;
};

// Redshift says that it is PostgreSQL 8.0.2, and tells who it is in version() (docs.aws.amazon.com/redshift,
// "VERSION", 2026-11). It has no COPY TO STDOUT.
Result<bool> is_redshift(Connection& connection) {
  const auto version = connection.run("SELECT version()");
  if (!version.ok()) return as_error(version.trouble, "", 0);
  return version.rows->text(0, 0).find("Redshift") != std::string_view::npos;
}

Result<Fetch> fetch_of(Connection& connection, const std::string& said) {
  if (said != "auto") return said == "copy" ? Fetch::copy : Fetch::cursor;
  const auto redshift = is_redshift(connection);
  if (!redshift.ok()) return redshift.error();
  return *redshift ? Fetch::cursor : Fetch::copy;
}

// `schema` may be a list, as search_path is.
std::string begin_sql(const Settings& settings, Duration time_max) {
  std::string out = fmt::format("BEGIN READ ONLY; SET LOCAL statement_timeout = {}",
                                std::chrono::duration_cast<std::chrono::milliseconds>(time_max).count());
  if (const auto* schemas = settings.find<std::vector<std::string>>("schema")) {
    std::string path;
    for (const auto& schema : *schemas) path += (path.empty() ? "" : ", ") + duck::quote_name(schema);
    out += "; SET LOCAL search_path = " + path;
  }
  return out;
}

}  // namespace

const Of<Settings>& postgres_settings() {
  static const Of<Settings> shape = settings(
      "postgres source", "PostgreSQL, and what speaks its protocol, such as Redshift.",
      {setting("url", reference_text())
           .required()
           .secret()
           .help(
               "Where the database is, as libpq takes it: a URL or `host=... dbname=...`; `service=NAME` and "
               "password files work as with psql. Add `sslmode=verify-full` for a server that is not on this "
               "machine.")
           .example("${env:WAREHOUSE_URL}"),
       setting("password", reference_text())
           .secret()
           .help("The password, when it stands neither in the URL nor in a password file.")
           .example("${env:WAREHOUSE_PASSWORD}"),
       setting("schema", list(text("the name of a schema")).or_one().not_empty())
           .help("Where tables are looked for that are named without a schema (the search path)."),
       setting("statement_timeout", duration(1s))
           .by_default("6h")
           .help("The server gives up a query that takes longer."),
       setting("fetch", choice_of({{"auto", "as the server can"},
                                   {"copy", "by COPY in binary form"},
                                   {"cursor", "by a cursor, for servers without COPY TO STDOUT"}}))
           .by_default("auto")
           .help("How rows are fetched."),
       setting("dialect", choice_of({{"postgres", "PostgreSQL's own"}, {"redshift", "Amazon Redshift's"}}))
           .help("The SQL in which syncs with `planner: warehouse` are planned.")
           .otherwise("told by the server"),
       planning_schema_setting()});
  return shape;
}

Result<postgres::Login> postgres_login(const config::Source& source, const Resolver& resolver) {
  const std::string subject = fmt::format("source '{}'", source.name);
  auto url = text_of_setting(source, "url", resolver);
  if (!url.ok()) return std::move(url).error().in(subject);
  auto password = text_of_setting(source, "password", resolver);
  if (!password.ok()) return std::move(password).error().in(subject);
  return postgres::Login{*std::move(url), *std::move(password)};
}

Result<const Dialect*> postgres_dialect(const config::Source& source, const Resolver& resolver) {
  const Dialect* redshift = find_dialect("redshift");
  if (const auto* said = source.settings.find<std::string>("dialect"))
    return *said == redshift->id ? redshift : nullptr;
  auto login = postgres_login(source, resolver);
  if (!login.ok()) return login.error();
  Connection connection(*std::move(login));
  connection.set_deadline(kConnectMax);
  auto trouble = connection.open();
  auto told = trouble ? Result<bool>(as_error(*trouble, "", 0)) : is_redshift(connection);
  if (!told.ok()) return std::move(told).error().in(fmt::format("source '{}'", source.name));
  return *told ? redshift : nullptr;
}

Result<std::unique_ptr<Warehouse>> open_postgres(const config::Source& source, const Resolver& resolver,
                                                 const OpenOptions& options) {
  const auto time_max = source.settings.get<Duration>("statement_timeout");
  auto login = postgres_login(source, resolver);
  if (!login.ok()) return login.error();
  auto connection = std::make_shared<Connection>(*std::move(login));
  connection->set_deadline(kConnectMax);
  const auto in_source = [&](Error error) {
    return std::move(error).in(fmt::format("source '{}'", source.name));
  };
  if (auto trouble = connection->open()) return in_source(as_error(*trouble, "", 0));
  auto fetch = fetch_of(*connection, source.settings.get<std::string>("fetch"));
  if (!fetch.ok()) return in_source(fetch.error());
  std::string begin = begin_sql(source.settings, time_max);
  // The server cannot know, and takes the rows that come out for too many to have them come from several
  // processes.
  if (options.sifts && *fetch == Fetch::copy)
    begin += "; SET LOCAL parallel_tuple_cost = 0.01; SET LOCAL jit = off";
  postgres::Terms terms{*fetch, std::move(begin), time_max};
  return std::unique_ptr<Warehouse>(new PostgresWarehouse(std::move(connection), std::move(terms), options));
}

}  // namespace penstock
