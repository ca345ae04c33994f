// A machine on which the process lives, dies and is started again: its disk, and one life at a time.
#pragma once

#include <optional>
#include <string>

#include "base/faulty_disk.h"
#include "run/run.h"
#include "sim/auditor.h"
#include "sim/network.h"
#include "sim/state_disk.h"

namespace penstock::sim {

// How a life is to go wrong.
struct Doom {
  std::optional<Duration> killed_after{};
  std::optional<Duration> interrupted_after{};  // SIGINT
  std::optional<FaultyDisk::Fault> disk_fault{};
  uint64_t disk_fault_after = 0;  // operations of the disk
  std::string show() const;
};

struct LifeEnd {
  bool died = false;
  std::optional<RunReport> report;
  std::vector<std::string> neighbours;  // what became of them: a status, or an error
  std::optional<Error> error;           // of a run that could not begin
  bool disk_failed = false;
};

class Machine {
 public:
  // Lines about what happens go to `tell`.
  Machine(uint64_t seed, const Scenario& scenario, Destination& destination, Auditor& auditor,
          std::function<void(std::string)> tell);

  // Starts the process for one run; returns when it has ended or died.
  LifeEnd live(const Edition& edition, RunKind kind, const Weather& weather, const Doom& doom,
               std::function<void()> others);
  // The text with the directory's name, which is another one each time, taken out.
  std::string without_place(std::string text) const;
  uint64_t lives() const { return lives_; }
  Disk& disk() { return disk_; }
  std::string snapshot() const { return paths_.snapshot("sync"); }

 private:
  class Life;
  void write_project(const Edition& edition);
  uint64_t lives_ = 0;

  const Scenario& scenario_;
  Destination& destination_;
  Auditor& auditor_;
  std::function<void(std::string)> tell_;
  Random random_;
  StateDirectory directory_;
  StateDisk state_;
  FaultyDisk disk_;
  StatePaths paths_;
};

}  // namespace penstock::sim
