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
  bool is_undo = false;  // it puts back what another run overwrote: its rows are held afterwards
  std::string undoes{};  // that run
  bool operator==(const RunFacts&) const = default;
};

// Whoever reads a group for one of its rows reads all of it.
inline constexpr size_t kGroupRowsMax = 2048;

// Rows that came to the same end in the same request: what the journal keeps once for all of them.
struct OutcomeGroup {
  RowOutcome shared;                    // but for `ordinal`, `record_id` and `created`, which are each row's
  std::vector<uint64_t> rows;           // their ordinals
  std::vector<std::string> record_ids;  // one for each row
  std::vector<uint64_t> created;        // those whose records were made by them

  static OutcomeGroup of(RowOutcome outcome);
  // Whether this row's outcome differs in nothing that is shared, and the group is not full.
  bool takes(const RowOutcome& outcome) const;
  void add(const RowOutcome& outcome);
  RowOutcome one(size_t index) const;
};

// Rows that may be under way from here on. Durable before they are sent.
struct Intent {
  uint64_t through = 0;        // every row numbered below
  std::vector<uint64_t> rows;  // and these, whose repetition would not be harmless
};

// Where the records of rows are, as was learned on their way: this one; or, where the id is empty, none that
// was known before, so that only what has the row's new match values can be its record from here on. Durable
// before the row is written: whatever becomes of it, the next run must find what it was written to.
struct Whereabouts {
  std::vector<uint64_t> rows;
  std::vector<std::string> record_ids;  // one for each row
};

// What becomes of a mapped field of a record that was read before it is written.
enum class FieldFate : char {
  unsent = '-',  // it does not travel
  equal = '=',   // the destination says so already
  other = 'w',   // another value stands there, or none, or there is no record
  kept = 'k',    // somebody else's value, which is left alone (write: if_empty, if_unchanged)
};

// What a record held before a row was written to it, or was to be.
struct BeforeImage {
  uint64_t row = 0;
  bool existed = false;
  std::string record_id;
  std::string fates;                // a FieldFate for each mapped field
  std::vector<std::string> values;  // of each mapped field, as JSON; none where no record was
  // Of fields that are written only while nobody changes them: what we write (ledger/last_written.h).
  std::vector<std::pair<uint32_t, uint64_t>> digests;
  bool operator==(const BeforeImage&) const = default;
};

// Durable before the rows are written. The last word about a row counts.
struct BeforeImages {
  std::vector<BeforeImage> images;
};

// The run came to its end in an orderly way: what has no outcome was not sent.
struct RunEnd {
  std::string status;  // as runs are shown: failed, interrupted, ...
  std::string error;
};

// How far a job at the destination has come; the numbers are those of the file.
enum class JobStage : uint8_t {
  created = 0,   // there, and its rows may be on their way; it is not set to work
  starting = 1,  // it may or may not have been set to work
  running = 2,   // it was
  ended = 3,     // each of its rows has its outcome, or was certainly not written
};

// A job at the destination that carries rows of this run. Durable before the rows may be written: after a
// crash the job is found again. The first record of a job says all of this; later ones say number and stage,
// and their rows are those that the job has let go of.
struct JobRecord {
  uint64_t number = 0;  // in the run, from 1
  JobStage stage = JobStage::created;
  std::string id;         // the destination's
  std::string operation;  // the connector's word
  std::string object;
  uint64_t match_kind = 0;  // connector::MatchKind
  uint64_t step = 0;        // what the rows wait for: Step of deliver/row.h
  Time created{};
  std::vector<uint64_t> rows;           // as they lie in the upload
  std::vector<std::string> record_ids;  // one for each row, where look-ups found them; else none
  bool operator==(const JobRecord&) const = default;
};

using JournalRecord =
    std::variant<RunFacts, Intent, OutcomeGroup, RequestRecord, RunEnd, JobRecord, Whereabouts, BeforeImages>;

std::string encode_record(const JournalRecord& record);
// An error of kind `disk` for bytes that no version of Penstock wrote.
Result<JournalRecord> decode_record(std::string_view bytes);

}  // namespace penstock
