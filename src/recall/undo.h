// Takes a run back: puts back what it overwrote, where nobody changed it since.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/run.h"

namespace penstock {

struct UndoRequest {
  std::string run;
  std::optional<std::string> key;  // only this row, as a person types it
  bool created = false;            // records that the run made are removed
  bool dry_run = false;            // the destination is asked, and nothing is written
};

// What is left alone, since it is not as the run left it.
struct LeftAlone {
  std::string key, record_id;
  std::string field;                  // empty: the whole record
  std::optional<std::string> theirs;  // masked when personal
  std::string why;
};

struct UndoReport {
  std::string undone;           // the run that is taken back
  RunReport report;             // of the undo, which is a run itself; of a dry run: what it would be
  uint64_t values = 0;          // put back
  uint64_t restored = 0;        // rows with such values
  uint64_t removed = 0;         // records that the run had made
  uint64_t made_again = 0;      // records that the run had removed
  uint64_t created = 0;         // records that the run had made and that stay
  uint64_t left_values = 0;     // that others changed since
  std::vector<LeftAlone> left;  // some of them
};

// Errors of kind `config`: there is no such run, it kept nothing, or the destination cannot do it.
Task<Result<UndoReport>> undo_run(RunParts parts, UndoRequest request, declare::Diagnostics& diagnostics);

}  // namespace penstock
