// The records of a run's journal as bytes (docs/formats.md, "Journal records").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ledger/outcome.h"

namespace penstock {

// What a recovery must know about the run; the first record.
struct RunFacts {
  std::string run, sync;
  Time started{};
  std::string mapping;                // Mapping::description()
  std::vector<std::string> personal;  // fields that are masked
  uint64_t cause = 0;                 // digest of mapping and connector
  bool hold_doubt = false;            // rows in doubt wait for a person; else the next plan sends them again
  std::string on_removed;
  bool operator==(const RunFacts&) const = default;
};

// Rows that may be under way from here on. Durable before they are sent.
struct Intent {
  uint64_t through = 0;        // every row numbered below
  std::vector<uint64_t> rows;  // and these, whose repetition would not be harmless
};

// The run came to its end in an orderly way: what has no outcome was not sent.
struct RunEnd {
  std::string status;  // as runs are shown: failed, interrupted, ...
  std::string error;
};

using JournalRecord = std::variant<RunFacts, Intent, RowOutcome, RequestRecord, RunEnd>;

std::string encode_record(const JournalRecord& record);
// An error of kind `disk` for bytes that no version of Penstock wrote.
Result<JournalRecord> decode_record(std::string_view bytes);

}  // namespace penstock
