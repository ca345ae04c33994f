// What became of each row of a run. Private to this folder.
#pragma once

#include <string_view>
#include <vector>

#include "ledger/records.h"

namespace penstock {

// An index over the groups of a journal: 24 bytes for each run of rows that follow one another in a group.
// The rest stays in the file until it is asked for. Thread-safe once complete.
class Outcomes {
  struct Run {
    uint64_t first = 0;
    uint32_t length = 0;
    uint32_t place = 0;  // of the first row in its group
    uint64_t group = 0;
    uint64_t end() const { return first + length; }
  };

 public:
  // `record` is the group's, and lives as long as this.
  void add(std::string_view record, const OutcomeGroup& group);
  // All groups were added. An error when they say of a row twice what became of it.
  Result<void> complete();
  // Rows below `through`, and `rows`, of which nothing is known come to this end. Gives their number.
  uint64_t add_others(uint64_t through, std::vector<uint64_t> rows, const RowOutcome& end);

  // Looks up one row after the other: cheap when they follow one another.
  class Cursor {
   public:
    explicit Cursor(const Outcomes& outcomes) : outcomes_(&outcomes) {}
    // Null: the row has no outcome. Borrowed until the next call.
    const RowOutcome* find(uint64_t ordinal);

   private:
    void read_group(uint64_t group);
    const Outcomes* outcomes_;
    Run run_;             // the last one
    OutcomeGroup group_;  // that it is of
  };

 private:
  static constexpr uint64_t kOthers = UINT64_MAX;
  // Null: none has the row.
  const Run* run_of(uint64_t ordinal) const;
  void add_run(uint64_t first, uint64_t end);
  void sort();

  std::vector<std::string_view> groups_;
  std::vector<Run> runs_;  // by their rows, once complete
  RowOutcome others_;      // the end of rows of which nothing is known
};

}  // namespace penstock
