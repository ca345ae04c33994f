// The machine of a story of owners: a disk, and one life of the process at a time, which runs the sync, takes
// a run back, or only looks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/faulty_disk.h"
#include "recall/drift.h"
#include "recall/undo.h"
#include "sim/network.h"
#include "sim/owners_twin.h"
#include "sim/state_disk.h"

namespace penstock::sim {

// How a life is to go wrong.
struct OwnersDoom {
  std::optional<uint64_t> killed_at{};  // when this request arrives, from 1
  bool killed_after_effect = false;     // of that request
  std::optional<Duration> interrupted_after{};
  std::optional<uint64_t> power_cut_after{};  // operations of the disk
  std::string show() const;
};

// What a life is for.
struct OwnersTask {
  enum class Kind { run, undo, plan, drift } kind = Kind::run;
  RunKind run = RunKind::usual;
  UndoRequest undo{};
};

struct OwnersEnd {
  bool died = false;
  std::optional<Error> error;
  std::optional<RunReport> report;
  std::optional<UndoReport> undo;
  std::optional<PlannedSync> plan;
  std::optional<Drift> drift;
  std::vector<DriftedField> drifted;
};

class OwnersMachine {
 public:
  // `others`: what happens before a request takes effect. Lines about what happens go to `tell`.
  OwnersMachine(uint64_t seed, const OwnersSync& sync, Destination& destination, OwnersTwin& twin,
                std::function<void()> others, std::function<void(std::string)> tell);

  OwnersEnd live(const OwnedRows& rows, const OwnersTask& task, const Weather& weather,
                 const OwnersDoom& doom);
  // The run of this sync that began last, as the history has it.
  std::optional<RunRow> newest_run();
  std::string images(const std::string& run) const { return paths_.before("sync", run); }
  bool has(const std::string& file) { return disk_.exists(file).ok() && *disk_.exists(file); }
  // The text with the directory's name, which is another one each time, taken out.
  std::string without_place(std::string text) const;

 private:
  class Life;
  void write_project(const OwnedRows& rows);

  const OwnersSync& sync_;
  Destination& destination_;
  OwnersTwin& twin_;
  std::function<void()> others_;
  std::function<void(std::string)> tell_;
  Random random_;
  StateDirectory directory_;
  StateDisk state_;
  FaultyDisk disk_;
  StatePaths paths_;
};

}  // namespace penstock::sim
