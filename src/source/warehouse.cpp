#include "source/warehouse.h"

#include <fmt/format.h>

#include <set>

#include "payload/payload.h"

namespace penstock {

std::string Warehouse::quoted_name(std::string_view name) const {
  return duck::quote_name(name);
}

std::string Warehouse::quoted_table(std::string_view name) const {
  std::string out;
  while (!name.empty()) {
    const size_t dot = name.find('.');
    out += (out.empty() ? "" : ".") + quoted_name(name.substr(0, dot));
    name = dot == name.npos ? std::string_view() : name.substr(dot + 1);
  }
  return out;
}

Result<std::string> text_of_setting(const config::Source& source, std::string_view name,
                                    const declare::Resolver& resolver) {
  const auto* reference = source.settings.find<declare::Reference>(name);
  return reference == nullptr ? Result<std::string>(std::string()) : declare::resolve(*reference, resolver);
}

declare::SettingField planning_schema_setting() {
  return declare::setting("planning_schema", declare::identifier())
      .by_default("penstock")
      .help("The schema of Penstock's own tables, for syncs with `planner: warehouse`.");
}

Result<OpenedModel> open_memory(const duck::Options& options) {
  auto database = duck::Database::borrow(options);
  if (!database.ok()) return database.error();
  OpenedModel opened;
  opened.database = std::make_unique<duck::Database>(*std::move(database));
  auto connection = opened.database->connect();
  if (!connection.ok()) return connection.error();
  opened.connection = std::make_unique<duck::Connection>(*std::move(connection));
  if (auto defined = define_payload_functions(*opened.connection); !defined.ok()) return defined.error();
  return opened;
}

Result<void> understand(OpenedModel& opened) {
  opened.shape = "penstock_shape";
  auto made = opened.connection->run(
      fmt::format("CREATE TEMP TABLE {} AS SELECT * FROM {} LIMIT 0", opened.shape, opened.relation));
  if (!made.ok()) return made.error();
  auto columns = opened.connection->describe(fmt::format("SELECT * FROM {}", opened.shape));
  if (!columns.ok()) return columns.error();
  opened.columns = *std::move(columns);
  return success();
}

Result<OpenedModel> stream_into_duckdb(std::shared_ptr<duck::StreamTable> table, const OpenOptions& options) {
  auto opened = open_memory(
      {.path = "", .temporary_directory = options.temporary_directory, .threads = options.threads});
  if (!opened.ok()) return opened.error();
  if (auto defined = opened->connection->define("penstock_source", std::move(table), options.subject);
      !defined.ok())
    return defined.error();
  opened->relation = "penstock_source()";
  if (auto understood = understand(*opened); !understood.ok()) return understood.error();
  return opened;
}

Result<void> check_names(const std::vector<std::string>& names) {
  if (names.empty()) return Error{ErrorKind::config, "the SQL gives no columns", ""};
  std::set<std::string_view> seen;
  for (const auto& name : names)
    if (!seen.insert(name).second)
      return Error{ErrorKind::config, fmt::format("two columns are called '{}'", name),
                   "give one of them another name with AS"};
  return success();
}

}  // namespace penstock
