// Guards look at the whole plan before anything is sent.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace penstock {

struct GuardStop {
  std::string guard;    // max_removed
  std::string message;  // one sentence, with the numbers
  std::string remedy;
};

// What a run takes of the allowance of a day, or a longer time.
struct DayUse {
  std::string group;   // of the destination's limits
  declare::Rate rate;  // as it is declared
  uint64_t needed = 0;
  double share() const { return static_cast<double>(needed) / static_cast<double>(rate.count); }
};

struct GuardFacts {
  uint64_t known = 0;  // keys that the destination holds because of this sync
  bool first_run = false;
  bool asked_for_all = false;    // --full: a person wants every row to go
  bool asked_for_key = false;    // --key: the counts are of one row
  bool nothing_is_sent = false;  // --baseline
  OnRemoved on_removed = OnRemoved::ignore;
  uint64_t requests = 0;                    // that the run needs
  std::optional<DayUse> day = {};           // the one it takes the most of; nullopt: none is declared
  std::vector<std::string> confirmed = {};  // guards that a person passes this once
};

// The guards that a person may pass by --confirm, in the order in which they are asked.
std::span<const std::string_view> guard_names();
// Names as they were typed; `all` stands for all of them. An error says which are none, and lists them.
Result<std::vector<std::string>> parse_confirmed(const std::vector<std::string>& typed);
bool is_confirmed(const std::vector<std::string>& confirmed, std::string_view guard);

// Nullopt: nothing speaks against sending.
std::optional<GuardStop> check_guards(const config::Guard& guard, const PlanCounts& counts,
                                      const GuardFacts& facts);

// While sending: whether so many refusals are too many. A share is judged from a hundred rows on.
std::optional<GuardStop> check_rejected(const config::Guard& guard, uint64_t sent, uint64_t rejected);

}  // namespace penstock
