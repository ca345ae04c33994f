// A plan that is kept: its file with what it was made of, to be read by people and tools, and to be sent
// later as it stands. The format is in docs/formats.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"

namespace penstock {

// What a plan file says of itself, in Parquet's own metadata.
struct PlanFileFacts {
  std::string project{}, sync{};
  std::string version{};  // of the program that wrote it
  Time planned_at{};
  std::string kind = "run";
  std::optional<uint64_t> limit{};
  std::optional<std::string> key{};     // as it was typed
  std::string configuration{};          // "name:digest" of each part whose change changes what is sent
  uint64_t generation = 0;              // of the snapshot that it was compared with
  std::string last_run{};               // whose outcomes were in it
  std::vector<std::string> personal{};  // fields that are masked where the file is shown
  PlanCounts counts{};
  uint64_t requests = 0;
  double seconds = 0;
};

struct PlanFile {
  std::string path;
  PlanFileFacts facts;
  std::string digest;  // 32 hexadecimal digits, over the facts and all rows
  bool intact = true;  // facts and rows are those that were written
};

// Writes the rows of `plan` with these facts to `path`, for its owner alone, by way of a temporary name.
// Blocks.
Result<PlanFile> write_plan_file(Disk& disk, duck::Connection& connection, const Plan& plan,
                                 PlanFileFacts facts, const std::string& path);

// Errors are of kind config and name the file: it is not there, no Parquet, no plan, of another version.
Result<PlanFile> read_plan_file(Disk& disk, const std::string& path);

// A few rows of each kind, as the file has them.
Result<std::vector<SampleRow>> plan_file_samples(const PlanFile& file, uint64_t samples);

// What two plans of one sync have not in common, by key.
struct PlanDifference {
  struct Part {
    uint64_t rows = 0;
    std::string keys{};  // a few: 7, 42, 77
  };
  Part changed, added, gone;  // `added`: in the later one only
  bool none() const { return changed.rows + added.rows + gone.rows == 0; }
};

enum class Holds { all, part };  // part: the earlier plan was limited to some of the rows

// Holds an earlier plan against one that was made just now.
Result<PlanDifference> compare_plans(duck::Connection& connection, const std::string& earlier,
                                     const std::string& now, Holds holds);

// Writes those rows of the plan `now` that are in `earlier` as well to `out`; their number.
Result<uint64_t> keep_common_rows(duck::Connection& connection, const std::string& earlier,
                                  const std::string& now, const std::string& out);

}  // namespace penstock
