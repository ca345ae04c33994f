// Shows how runs go on: lines that are rewritten on a terminal, JSON with --json, else a plain line now and
// then.
#pragma once

#include <map>
#include <string>

#include "async/loop.h"
#include "cli/command.h"
#include "run/run.h"

namespace penstock::cli {

// Loop thread only. forget() a sync before its result is printed, so that the two do not mix.
class ProgressDisplay {
 public:
  ProgressDisplay(const Globals& globals, Loop& loop) : globals_(globals), loop_(loop) {}
  ~ProgressDisplay() { wipe(); }

  void show(const RunProgress& progress);
  void forget(const std::string& sync);

 private:
  struct Shown {
    RunProgress progress;
    Instant last{};  // when it last got a line that stays
  };
  bool is_live() const { return globals_.terminal.live && !globals_.json && !globals_.quiet; }
  void draw();
  void wipe();

  const Globals& globals_;
  Loop& loop_;
  std::map<std::string, Shown> runs_;
  size_t lines_drawn_ = 0;
  Instant drawn_{};
};

}  // namespace penstock::cli
