// What every kind of source does: the inner face of this folder. One sub-folder a kind.
//
// A kind whose rows come from a server describes a query's columns, hands over a duck::StreamTable, and is
// done: stream_into_duckdb() makes the rest of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "duck/stream.h"
#include "source/source.h"

namespace penstock {

// An opened source. Use from one thread.
class Warehouse {
 public:
  virtual ~Warehouse() = default;
  // "customers", and "crm.customers", as the source's own SQL writes them.
  virtual std::string quoted_name(std::string_view name) const;
  virtual std::string quoted_table(std::string_view name) const;
  // Makes a SELECT, in the source's own SQL, the relation of a model. Errors: `config` when the SQL does not
  // fit the source, `source` when the source cannot be read; without the source's name.
  virtual Result<OpenedModel> open_query(const std::string& sql) = 0;
  // All tables and views that may be read.
  virtual Result<std::vector<SourceTable>> tables() = 0;
};

// The text that a setting is, or stands for; empty where it is not set. Errors are without the source's name.
Result<std::string> text_of_setting(const config::Source& source, std::string_view name,
                                    const declare::Resolver& resolver);

// Of kinds in which syncs can be planned: where the tables for that are kept.
declare::SettingField planning_schema_setting();

// A borrowed DuckDB in memory with our payload functions.
Result<OpenedModel> open_memory(const duck::Options& options);
// With `relation` set: makes `shape` and `columns`.
Result<void> understand(OpenedModel& opened);
// The rows of a table that is not DuckDB's own.
Result<OpenedModel> stream_into_duckdb(std::shared_ptr<duck::StreamTable> table, const OpenOptions& options);

// Names that two columns bear: an error, since a mapping could not tell them apart.
Result<void> check_names(const std::vector<std::string>& names);

}  // namespace penstock
