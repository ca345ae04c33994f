// The real planner, snapshot and settle, driven the way a run drives them: only that nothing is sent, and the
// outcomes are whatever the test says.
#pragma once

#include <memory>

#include "base/faulty_disk.h"
#include "property/twin.h"
#include "sim/state_disk.h"

namespace penstock::property {

// How a run ended, beside the outcomes of its rows.
struct RunEnding {
  bool orderly = true;             // else the process died: no end is in the journal
  uint64_t intended_through = 0;   // rows that were declared to be under way
  std::vector<uint64_t> intended;  // and these
  bool hold_doubt = false;
  std::optional<uint64_t> power_cut_after;  // operations of the disk, while it settles
};

class Machine {
 public:
  explicit Machine(uint64_t seed);

  // Everything that a plan needs must outlive what is made of it.
  struct Planned {
    std::unique_ptr<duck::Database> database;
    std::unique_ptr<duck::Connection> connection;
    MappedModel mapped;
    std::optional<Snapshot> snapshot, owners;
    Plan plan;
    std::vector<TwinRow> rows;  // of the plan file, in its order
  };
  Result<Planned> plan(const PlanQuestion& question, std::optional<uint64_t> limit);

  // Writes the journal of such a run and settles it, again and again if the power is cut. True: the plan was
  // still known when the snapshot advanced.
  Result<bool> settle(const PlanQuestion& question, Planned& planned, const std::vector<RowOutcome>& outcomes,
                      const RunEnding& ending, Time now);

  Result<Snapshot> snapshot() { return Snapshot::open(disk_, paths_.snapshot(kSync), Verify::everything); }
  Result<Snapshot> owners() { return Snapshot::open(disk_, paths_.owners(kSync), Verify::everything); }
  bool has_leftovers() { return *state_.exists(paths_.journal(kSync)) || *state_.exists(paths_.plan(kSync)); }
  uint64_t operations_kept();  // of the last run that was settled
  // Which of the mappings that were ever used the snapshot remembers.
  std::vector<MappingSpec> remembered();

 private:
  static constexpr const char* kSync = "sync";
  Result<void> write_journal(const PlanQuestion& question, const Planned& planned,
                             const std::vector<RowOutcome>& outcomes, const RunEnding& ending);
  std::string run_name() const { return "run-" + std::to_string(runs_); }

  sim::StateDirectory directory_;
  sim::StateDisk state_;
  FaultyDisk disk_;
  StatePaths paths_;
  uint64_t runs_ = 0;
  std::map<std::string, MappingSpec> described_;  // by Mapping::description(), minified
};

}  // namespace penstock::property
