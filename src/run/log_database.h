// SQL over what runs have left: a person asks, and nothing but these logs is read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "run/query.h"
#include "run/workspace.h"

namespace penstock {

// Bounds of a question.
struct AskOptions {
  uint64_t limit = 0;      // rows; 0: all
  Duration time_max{60s};  // then it is interrupted
  bool as_json = false;    // each value as JSON; else as text
};

// A database in memory with the views
//     operations, requests   the Parquet files of all syncs (docs/formats.md), with their columns run and
//     sync runs                   the history of runs waiting                rows that were refused or are in
//     doubt: sync, key, kind, attempts, since, next_try, code,
//                            message
// Its configuration is locked: whatever the SQL says, it reads no other file, reaches no network, loads
// nothing, and, being one SELECT, writes nothing. Before-images, which hold personal values in clear, are not
// in it. With a state that is shared the files come to this machine first. Use from one thread.
class LogDatabase {
 public:
  // `syncs`: only of these; `memory_limit`: beyond it DuckDB spills into the state's tmp directory.
  static Result<LogDatabase> open(const Workspace& workspace, const std::vector<std::string>& syncs,
                                  const std::string& memory_limit = "1GB");

  using Cells = std::vector<std::optional<std::string>>;  // nullopt: NULL
  // The names of the columns, once, and then each row. Returns whether the limit cut rows off. Errors are of
  // kind `config` for SQL that cannot be (with its line and a mark, as DuckDB gives them), `interrupted`
  // after `time_max`.
  Result<bool> ask(const std::string& sql, const AskOptions& options,
                   const std::function<void(const std::vector<std::string>&)>& columns,
                   const std::function<void(const Cells&)>& row);

 private:
  explicit LogDatabase(Query query) : query_(std::move(query)) {}
  Query query_;
};

}  // namespace penstock
