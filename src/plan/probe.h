// The diff itself: a function that DuckDB calls, from all its threads, with every row of the model. It hashes
// the row, looks its key up in the snapshot, and says whether the row goes on.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "mapping/mapping.h"
#include "plan/arguments.h"
#include "snapshot/snapshot.h"

namespace penstock {

// What becomes of a row. Rows of the classes from `added` on are written to the plan's stage; of `waiting`
// and the invalid ones only samples are, for people to look at.
enum class RowClass : uint8_t {
  dropped = 0,        // counted, not staged: unchanged, or beyond the samples
  added = 1,          // the destination never accepted this key
  changed = 2,        // its payload differs from what was accepted
  remapped = 3,       // only the mapping changed: the fields concerned go
  unknown = 4,        // what the destination holds is not known (a write was in doubt)
  forced = 5,         // unchanged, but every row was asked for
  waiting = 6,        // refused before, and nothing has changed since
  null_key = 7,       // invalid
  duplicate_key = 8,  // invalid
};

// Whether a row of this class is to be sent, unless it is refused for another reason.
inline bool is_sent(RowClass row_class) {
  return row_class >= RowClass::added && row_class <= RowClass::forced;
}

struct ProbeOptions {
  bool keys_only = false;            // insert, append: what was accepted once is never sent again
  bool everything = false;           // --full
  bool retry_waiting = false;        // a person says so
  std::optional<KeyHash> only;       // --key
  const Snapshot* owners = nullptr;  // match_owners.h; nullptr: not known
  uint64_t cause = 0;                // digest of mapping and connector: ends waits that another one began
  Time now{};
};

struct ProbeCounts {
  uint64_t rows = 0, unchanged = 0, added = 0, changed = 0, remapped = 0, unknown = 0, forced = 0,
           waiting = 0, null_key = 0, duplicate_key = 0;
};

// Thread-safe. The arguments of each call are those that Arguments lists.
class RowProbe {
 public:
  // `snapshot` must outlive the probe.
  RowProbe(const Snapshot& snapshot, const MappedModel& model, ProbeOptions options);

  // Before the first call: these are keys of the model, too, whose rows will not come.
  Result<void> mark_seen(const std::vector<KeyHash>& keys);

  Result<void> operator()(std::span<const duck::Vector> arguments, size_t rows, duckdb_vector result);

  // Which of a remapped row's fields differ from what the older mapping gave: '0' and '1' for each field.
  Result<std::string> changed_fields(KeyHash key, std::span<const duck::Vector> arguments, size_t row) const;

  // Once DuckDB has finished:
  ProbeCounts counts() const;
  const SeenBits& seen() const { return seen_; }
  // Keys that came more than once, with the number of rows beyond the first.
  const std::map<KeyHash, uint64_t>& duplicates() const { return duplicates_; }
  // Slots whose key had left the model and is back with the payload that was accepted, and whose record no
  // other key has taken meanwhile.
  const std::vector<uint64_t>& returned() const { return returned_; }
  // With older mappings: the fingerprint under the current one, of each slot whose row was accepted under an
  // older one and needs nothing; 0 elsewhere.
  Fingerprint migrated(uint64_t slot) const { return migrated_ ? migrated_[slot] : 0; }
  bool migrates() const { return any_migrated_; }

 private:
  struct Scratch;

  void hash(std::span<const duck::Vector> arguments, size_t rows, Scratch& scratch) const;
  Result<void> classify(std::span<const duck::Vector> arguments, size_t rows, Scratch& scratch,
                        uint8_t* classes);
  Result<RowClass> classify_known(KeyHash key, std::span<const duck::Vector> arguments, size_t row,
                                  Fingerprint fingerprint, uint64_t slot);
  Result<bool> is_anothers_by_now(KeyHash key, const Found& found) const;
  Result<bool> still_waiting(const Found& found, Fingerprint fingerprint) const;
  const MappingArguments* older_that_gave(Fingerprint accepted, std::span<const duck::Vector> arguments,
                                          size_t row) const;
  bool same_match(const MappingArguments& older, std::span<const duck::Vector> arguments, size_t row) const;
  void note_duplicate(KeyHash key);
  RowClass keep();
  void note_returned(const Found& found);
  RowClass sample(RowClass row_class, std::atomic<uint64_t>& count);
  RowClass counted(RowClass row_class);

  const Snapshot& snapshot_;
  ProbeOptions options_;
  Arguments arguments_;
  SeenBits seen_;
  NewKeys new_keys_;
  std::unique_ptr<Fingerprint[]> migrated_;
  std::atomic<bool> any_migrated_{false};
  struct Atomics {
    std::atomic<uint64_t> rows{0}, unchanged{0}, added{0}, changed{0}, remapped{0}, unknown{0}, forced{0},
        waiting{0}, null_key{0}, duplicate_key{0};
  } counts_;
  std::mutex mutex_;  // for what is rare
  std::map<KeyHash, uint64_t> duplicates_;
  std::vector<uint64_t> returned_;
};

inline constexpr uint64_t kSamplesMax = 100;

}  // namespace penstock
