// The plan of a run: what would be sent, complete before anything is. The face of this folder.
//
//     make_plan(): stream the model once through the RowProbe -> stage -> set invalid rows apart -> a Parquet
//     file PlanReader: that file, row by row, for delivery
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "mapping/mapping.h"
#include "plan/probe.h"
#include "snapshot/snapshot.h"

namespace penstock {

using config::OnRemoved;

// What is known of rows of the model that are not among those that are read, since they have not changed.
struct Elsewhere {
  uint64_t unchanged = 0;     // how many there are
  std::vector<KeyHash> kept;  // of them, those that the snapshot has
};

struct PlanOptions {
  ProbeOptions probe;
  Elsewhere elsewhere;
  OnRemoved on_removed = OnRemoved::ignore;
  bool match_ignores_case = false;  // two match values that differ in case only are one record there
  bool unique_match = true;         // the destination refuses a second record with a match value
  bool follows_records = false;     // a record gets its row's new match value
  bool replaces_records = false;  // what has a row's old match value is removed before the new one is written
  bool whole_records = false;     // records are replaced: every field of a row travels
  const Snapshot* owners = nullptr;  // match_owners.h; nullptr: not known
  bool forget_removed = false;    // mode delete: a key that left the model may come back to be deleted again
  std::optional<uint64_t> limit;  // send at most so many rows
  uint64_t samples = 5;           // of each kind, for people
  std::string file;               // where the plan is written
  // Why a row cannot be sent as it is ("phone: is NaN"), or empty. Thread-safe.
  std::function<std::string(std::span<const Values> match, std::span<const Values> fields, size_t row)>
      why_invalid;
};

// The counts that people read. rows = added + changed + unchanged + invalid + waiting.
struct PlanCounts {
  uint64_t rows = 0, added = 0, changed = 0, removed = 0, unchanged = 0, invalid = 0, waiting = 0;
  uint64_t waiting_removals = 0;                   // refused before; tried again later
  uint64_t remapped = 0, unknown = 0, forced = 0;  // among `changed`, why
  uint64_t passed_on = 0;    // have a match value that another row gives up in the same run
  uint64_t handed_over = 0;  // left the model, but another key now stands for the same record
  uint64_t to_send = 0;      // rows of the plan file: after the limit
};

struct SampleField {
  std::string name;
  std::optional<std::string> value;  // masked when personal; nullopt: NULL
  bool personal = false;
  // What was accepted last, where that is still kept; the inner nullopt is NULL.
  std::optional<std::optional<std::string>> before = {};
};
struct SampleRow {
  std::string change;  // added, changed, removed
  std::string why;
  std::string key;
  KeyHash key_hash;
  std::vector<SampleField> fields;  // those that travel
};
struct InvalidRow {
  std::string key, reason;
};

// What a commit must put right although nothing is sent for it. A run that dies loses it, and the next plan
// finds it again. (What must not be lost is in the plan file: keys whose record another row takes over.)
struct SilentChanges {
  std::vector<KeyHash> forget;  // were never accepted, are not ours to remove, or share another key's record
  std::vector<KeyHash> gone;    // left the model under `on_removed: ignore`
  std::vector<KeyHash> returned;  // were gone, and are back as they were
  bool empty() const { return forget.empty() && gone.empty() && returned.empty(); }
};

struct Plan {
  PlanCounts counts;
  std::string file;
  std::vector<SampleRow> samples;
  std::vector<InvalidRow> invalid;  // samples
  std::vector<InvalidRow> waiting;  // samples
  SilentChanges silent;
  bool one_key = false;              // --key: it says nothing of the other rows
  bool compared_with_older = false;  // some rows may still hold the fingerprint of an older mapping
  // Set when rows moved to a new mapping without being sent: gives their slots the new fingerprint.
  std::shared_ptr<const RowProbe> migration;
};

// `connection` belongs to a database of this plan alone: temporary tables and functions are made in it.
// Runs for as long as the model does; connection.interrupt() ends it with an error of kind `interrupted`.
Result<Plan> make_plan(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                       const PlanOptions& options);

// ---- Reading a plan file

enum class Change : uint8_t { added, changed, removed };

// Some rows of a plan, in columns. Immutable; rows borrow from it.
class PlanChunk {
 public:
  PlanChunk(duck::Chunk chunk, const std::vector<ValueType>& match, const std::vector<ValueType>& fields,
            bool comes_last = false);
  // Not to be begun before all rows of other chunks are done.
  bool comes_last() const { return comes_last_; }
  size_t rows() const { return chunk_.rows(); }
  uint64_t ordinal(size_t row) const;  // the row's number in the file
  Change change(size_t row) const;
  std::string_view key(size_t row) const;
  KeyHash key_hash(size_t row) const;
  Fingerprint fingerprint(size_t row) const;
  std::string_view record_id(size_t row) const;     // empty: not known
  std::string_view match_before(size_t row) const;  // empty: as it was
  // That match value is another row's by now, or will be when this run is over.
  bool is_old_match_anothers(size_t row) const;
  std::string_view send(size_t row) const;  // '0' and '1' for each field; empty: all
  std::span<const Values> match() const { return match_; }
  std::span<const Values> fields() const { return fields_; }

 private:
  std::string_view text(size_t column, size_t row) const;
  duck::Chunk chunk_;
  std::vector<Values> match_, fields_;
  bool comes_last_;
};

// Stands before a `match_before` that another row has now.
inline constexpr char kIsAnothers = '\x01';

// `why` of rows that have a match value which another row gives up in the same run.
inline constexpr std::string_view kPassedOn = "passed on";

// Reads a plan file: added and changed rows first, then removals, then rows whose match value was passed on.
// Blocking; use from one thread.
class PlanReader {
 public:
  static Result<PlanReader> open(duck::Connection& connection, const std::string& file,
                                 const MappedModel& model);
  // Spares the questions for what the plan says is not there.
  static Result<PlanReader> open(duck::Connection& connection, const Plan& plan, const MappedModel& model);
  // Nullptr at the end.
  Result<std::shared_ptr<const PlanChunk>> next();

 private:
  enum class Part : size_t { written, removed, passed_on };
  PlanReader(duck::Connection& connection, std::string file, const MappedModel& model,
             std::vector<Part> parts);
  static Result<PlanReader> begin(PlanReader reader);
  Result<void> start_part();
  duck::Connection* connection_;
  std::string file_;
  std::vector<ValueType> match_, fields_;
  std::optional<duck::Rows> rows_;
  std::vector<Part> parts_;  // that are still to come, the next one last
  Part part_ = Part::written;
};

}  // namespace penstock
