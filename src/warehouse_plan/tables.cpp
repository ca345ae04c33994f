#include "warehouse_plan/tables.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "warehouse_plan/clickhouse_tables.h"
#include "warehouse_plan/duckdb_tables.h"
#include "warehouse_plan/postgres_tables.h"
#include "warehouse_plan/sql_tables.h"

namespace penstock {
namespace {

using Open = Result<std::unique_ptr<PlanTables>> (*)(const config::Source&, TableNames,
                                                     const std::string& project, const std::string& sync,
                                                     const declare::Resolver&, const OpenOptions&);

struct PlannerKind {
  std::string_view name;
  Open open;
};

// Listed by hand: one line a kind.
constexpr PlannerKind kPlannerKinds[] = {{"postgres", open_postgres_tables},
                                         {"duckdb", open_duckdb_tables},
                                         {"clickhouse", open_clickhouse_tables},
                                         {"adbc", open_adbc_tables}};

}  // namespace

std::string_view PlanTables::type_of(std::string_view column) const {
  for (const auto& one : columns_)
    if (one.name == column) return one.type;
  return "";
}

std::string table_stem(const std::string& project, const std::string& sync) {
  // PostgreSQL cuts names off at 63 bytes.
  const std::string whole = project + "\n" + sync;
  return fmt::format("{}_{:08x}_", sync.substr(0, 40),
                     static_cast<uint32_t>(XXH3_64bits(whole.data(), whole.size())));
}

TableNames table_names(const std::string& schema, const std::string& project, const std::string& sync) {
  const std::string stem = table_stem(project, sync);
  const auto named = [&](const std::string& name) {
    return duck::quote_name(schema) + "." + duck::quote_name(name);
  };
  return {.schema = duck::quote_name(schema),
          .syncs = named("syncs"),
          .entries = named(stem + "entries"),
          .owners = named(stem + "owners"),
          .written = named(stem + "written")};
}

std::string state_columns(std::string_view form, std::string_view separator) {
  std::string out;
  for (const auto& [name, type] : kStateColumns) {
    if (!out.empty()) out += separator;
    out += fmt::format(fmt::runtime(form), fmt::arg("name", name), fmt::arg("type", type));
  }
  return out;
}

Error pushed_by_another() {
  return {ErrorKind::locked,
          "another Penstock has run this sync meanwhile, and wrote its state in the warehouse",
          "let only one of them run it"};
}

Result<std::unique_ptr<PlanTables>> open_plan_tables(const config::Source& source, const std::string& project,
                                                     const std::string& sync,
                                                     const declare::Resolver& resolver,
                                                     const OpenOptions& options) {
  std::string kinds;
  for (const auto& kind : kPlannerKinds) {
    if (kind.name == *source.type) {
      const auto& schema = source.settings.get<std::string>("planning_schema");
      return kind.open(source, table_names(schema, project, sync), project, sync, resolver, options);
    }
    kinds += fmt::format("{}{}", kinds.empty() ? "" : ", ", kind.name);
  }
  return Error{ErrorKind::config,
               fmt::format("{}: source '{}' is of type {}, in which Penstock cannot plan",
                           source.type.place.show(), source.name, *source.type),
               fmt::format("set `planner: local`; sources that can: {}", kinds)};
}

}  // namespace penstock
