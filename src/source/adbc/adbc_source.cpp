#include "source/adbc/adbc_source.h"

#include <fmt/format.h>

#include <filesystem>

#include "net/address_guard.h"
#include "net/http.h"
#include "source/adbc/arrow_table.h"

namespace penstock {
namespace {

using namespace declare;
using adbc::Session;

class AdbcWarehouse final : public Warehouse {
 public:
  AdbcWarehouse(std::shared_ptr<Session> session, char quote, const OpenOptions& options)
      : session_(std::move(session)), quote_(quote), options_(options) {}

  std::string quoted_name(std::string_view name) const override { return quoted_with(quote_, name); }

  Result<OpenedModel> open_query(const std::string& sql) override {
    ArrowArrayStream described{};
    if (auto asked = session_->query(in_brackets("*", sql) + " WHERE 1 = 0", described); !asked.ok())
      return asked.error();
    auto columns = adbc::describe_stream(described);
    if (!columns.ok()) return columns.error();
    std::vector<std::string> names;
    for (const auto& column : *columns) names.push_back(column.name);
    if (auto named = check_names(names); !named.ok()) return named.error();
    const auto open = [this_session = session_, sql, quote = quote_](const std::vector<std::string>& wanted,
                                                                     ArrowArrayStream& into) {
      std::string list;
      for (const auto& name : wanted) list += (list.empty() ? "" : ", ") + quoted_with(quote, name);
      return this_session->query(in_brackets(list, sql), into);
    };
    return stream_into_duckdb(
        adbc::make_arrow_table(*std::move(columns), open, [session = session_] { session->cancel(); }),
        options_);
  }

  Result<std::vector<SourceTable>> tables() override {
    ArrowArrayStream described{};
    if (auto asked = session_->objects(described); !asked.ok()) return asked.error();
    auto columns = adbc::describe_stream(described);
    if (!columns.ok()) return columns.error();
    // Nested, and only whole. Whoever asks says whose error it is.
    OpenOptions options = options_;
    options.subject.clear();
    auto opened =
        stream_into_duckdb(adbc::make_arrow_table(
                               *std::move(columns),
                               [session = session_](const std::vector<std::string>&, ArrowArrayStream& into) {
                                 return session->objects(into);
                               },
                               [] {}),
                           options);
    if (!opened.ok()) return opened.error();
    auto rows =
        opened->connection->texts(fmt::format("SELECT concat_ws('.', nullif(s.db_schema_name, ''), "
                                              "t.table_name) FROM (SELECT s, unnest(s.db_schema_tables) AS t "
                                              "FROM (SELECT catalog_name, unnest(catalog_db_schemas) AS s "
                                              "FROM {})) WHERE lower(s.db_schema_name) NOT IN "
                                              "('information_schema', 'pg_catalog') ORDER BY 1",
                                              opened->relation));
    if (!rows.ok()) return rows.error();
    std::vector<SourceTable> all;
    for (auto& row : *rows)
      if (row[0]) all.push_back({*row[0], ""});
    return all;
  }

 private:
  static std::string in_brackets(const std::string& select, const std::string& sql) {
    return fmt::format("SELECT {} FROM (\n{}\n) penstock_model", select, sql);
  }
  static std::string quoted_with(char quote, std::string_view name) {
    std::string out(1, quote);
    for (const char c : name) {
      if (c == quote) out += c;
      out += c;
    }
    return out + quote;
  }

  std::shared_ptr<Session> session_;
  char quote_;
  OpenOptions options_;
};

// A path is the project's; a bare name is the system's to find.
std::string driver_file(const std::string& driver, const OpenOptions& options) {
  if (driver.find('/') == driver.npos || driver.starts_with('/')) return driver;
  return (std::filesystem::path(options.project_directory) / driver).lexically_normal().string();
}

std::vector<std::pair<std::string, std::string>> dialect_choices() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& dialect : dialects()) out.emplace_back(dialect.id, dialect.title);
  return out;
}

char quote_of(const config::Source& source) {
  if (const auto* said = source.settings.find<std::string>("quote")) return *said == "backtick" ? '`' : '"';
  const Dialect* dialect = adbc_dialect(source);
  return dialect == nullptr ? '"' : dialect->quote;
}

}  // namespace

const Dialect* adbc_dialect(const config::Source& source) {
  if (const auto* said = source.settings.find<std::string>("dialect")) return find_dialect(*said);
  return dialect_of_driver(source.settings.get<std::string>("driver"));
}

const Of<Settings>& adbc_settings() {
  static const Of<Settings> shape = settings(
      "adbc source", "Any database that has a driver of Arrow Database Connectivity.",
      {setting("driver", text("the file of a driver"))
           .required()
           .help("The driver's shared library: a path, or a name that the system's loader finds.")
           .example("libadbc_driver_snowflake.so"),
       setting("entrypoint", text("the name of a function"))
           .help("The function that the driver begins with.")
           .otherwise("told by the file's name, else `AdbcDriverInit`"),
       setting("uri", reference_text())
           .secret()
           .help("Where the database is, as the driver takes it.")
           .example("${env:SNOWFLAKE_URI}"),
       setting("username", reference_text()).help("Who reads."),
       setting("password", reference_text())
           .secret()
           .help("The user's password.")
           .example("${env:WAREHOUSE_PASSWORD}"),
       setting("options", map_of(reference_text()))
           .secret()
           .help("Further options, by the driver's names.")
           .example("{ adbc.snowflake.sql.warehouse: REPORTING }"),
       setting("quote",
               choice_of({{"double", "\"name\""}, {"backtick", "`name`, as BigQuery, Databricks and MySQL"}}))
           .help("How the database quotes names.")
           .otherwise("as the dialect does, else `double`"),
       setting("dialect", choice_of(dialect_choices()))
           .help("The database's SQL. Needed only where its driver's name does not tell it.")
           .otherwise("told by the driver's name"),
       planning_schema_setting()});
  return shape;
}

// A driver connects by itself. Where a text names a host behind "://", that is looked at; what else a driver
// makes of its options is not known here.
Result<void> may_reach(const std::string& text) {
  const AddressPolicy policy = policy_for_text(text);
  const size_t scheme = text.find("://");
  if (!policy.public_only || scheme == text.npos) return success();
  std::string_view host = without_port(host_of(text));
  return host.empty() ? success() : check_before_connecting(policy, host);
}

Result<std::shared_ptr<Session>> adbc_session(const config::Source& source, const Resolver& resolver,
                                              const OpenOptions& options) {
  adbc::Options given;
  const auto add = [&](const std::string& name, const Reference& reference) -> Result<void> {
    auto text = resolve(reference, resolver);
    if (!text.ok()) return std::move(text).error().in(options.subject);
    given.emplace_back(name, *std::move(text));
    return success();
  };
  for (const char* name : {ADBC_OPTION_URI, ADBC_OPTION_USERNAME, ADBC_OPTION_PASSWORD})
    if (const auto* reference = source.settings.find<Reference>(name))
      if (auto added = add(name, *reference); !added.ok()) return added.error();
  if (const auto* more = source.settings.find<std::vector<Named<Reference>>>("options"))
    for (const auto& one : *more)
      if (auto added = add(one.name, one.value); !added.ok()) return added.error();
  for (const auto& one : given)
    if (auto may = may_reach(one.second); !may.ok()) return std::move(may).error().in(options.subject);
  const auto* entry_point = source.settings.find<std::string>("entrypoint");
  auto driver = adbc::load_driver(driver_file(source.settings.get<std::string>("driver"), options),
                                  entry_point == nullptr ? "" : *entry_point);
  if (!driver.ok()) return std::move(driver).error().in(options.subject);
  auto session = Session::open(*std::move(driver), given);
  if (!session.ok()) return std::move(session).error().in(options.subject);
  return session;
}

Result<std::unique_ptr<Warehouse>> open_adbc(const config::Source& source, const Resolver& resolver,
                                             const OpenOptions& options) {
  auto session = adbc_session(source, resolver, options);
  if (!session.ok()) return session.error();
  return std::unique_ptr<Warehouse>(new AdbcWarehouse(*std::move(session), quote_of(source), options));
}

}  // namespace penstock
