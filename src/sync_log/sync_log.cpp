#include "sync_log/sync_log.h"

#include <fmt/format.h>

#include "sync_log/engines.h"

namespace penstock {
namespace {

struct LogEngine {
  std::string_view source_type;
  Result<std::unique_ptr<LogTables>> (*open)(const config::Source&, const std::string& schema,
                                             const declare::Resolver&, const OpenOptions&);
};

// Listed by hand: one line an engine.
constexpr LogEngine kLogEngines[] = {
    {"postgres", open_postgres_log}, {"duckdb", open_duckdb_log}, {"clickhouse", open_clickhouse_log}};

const LogEngine* engine_of(const config::Source& source) {
  for (const auto& engine : kLogEngines)
    if (engine.source_type == *source.type) return &engine;
  return nullptr;
}

Error cannot_hold(const config::Source& source) {
  std::string types;
  for (const auto& engine : kLogEngines)
    types += fmt::format("{}{}", types.empty() ? "" : ", ", engine.source_type);
  return {ErrorKind::config,
          fmt::format("source '{}' is of type {}, which takes no log of runs", source.name, *source.type),
          fmt::format("name a source of one of these types: {}", types)};
}

}  // namespace

Result<void> can_hold_log(const config::Source& source) {
  if (engine_of(source) == nullptr) return cannot_hold(source);
  if (*source.type == "duckdb" && source.settings.find<declare::Reference>("path") == nullptr)
    return Error{
        ErrorKind::config,
        fmt::format("source '{}' has no database file, into which runs could be written", source.name),
        "name a DuckDB source with `path`, or a PostgreSQL or ClickHouse one"};
  return success();
}

Result<std::unique_ptr<LogTables>> open_log_tables(const config::Source& source, const std::string& schema,
                                                   const declare::Resolver& resolver,
                                                   const OpenOptions& options) {
  if (auto can = can_hold_log(source); !can.ok()) return can.error();
  return engine_of(source)->open(source, schema, resolver, options);
}

}  // namespace penstock
