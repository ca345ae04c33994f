// The metrics of a run that ends with its process, in a file that others read.
#pragma once

#include <memory>
#include <string>

#include "metrics/metrics.h"
#include "run/run_many.h"

namespace penstock::cli {

// How each sync stands, whoever ran it last.
Result<void> tell_standing(const Workspace& workspace, Metrics& metrics);

class RunMetrics {
 public:
  // Without a path nothing is counted and nothing written.
  RunMetrics(const Workspace& workspace, std::string path);
  void listen(RunParts& parts);
  void add(const EndedSync& ended);
  // Replaces the file at once, so that no reader sees half of it. Counters go on from what it held, also when
  // other runs write to it at the same time.
  Result<void> write();

 private:
  const Workspace& workspace_;
  std::string path_;
  std::unique_ptr<Metrics> metrics_;  // null without a path
};

}  // namespace penstock::cli
