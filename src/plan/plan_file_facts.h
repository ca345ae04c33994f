// Facts of a plan file as the names and texts that Parquet's metadata holds.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plan/plan_file.h"

namespace penstock {

inline constexpr int kPlanFileVersion = 1;

using PlanFileEntries = std::vector<std::pair<std::string, std::string>>;

PlanFileEntries entries_of(const PlanFileFacts& facts);
// The error says what is wrong with the metadata, without the file's name.
Result<PlanFileFacts> facts_of(const PlanFileEntries& entries);
// The text under a name; empty when there is none.
std::string entry_of(const PlanFileEntries& entries, std::string_view name);

}  // namespace penstock
