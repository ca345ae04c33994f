// Guards look at the whole plan before anything is sent.
#pragma once

#include <optional>
#include <string>

#include "plan/plan.h"

namespace penstock {

struct GuardStop {
  std::string guard;    // max_removed
  std::string message;  // one sentence, with the numbers
  std::string remedy;
};

struct GuardFacts {
  uint64_t known = 0;  // keys that the destination holds because of this sync
  bool first_run = false;
  bool asked_for_all = false;    // --full: a person wants every row to go
  bool asked_for_key = false;    // --key: the counts are of one row
  bool nothing_is_sent = false;  // --baseline
  OnRemoved on_removed = OnRemoved::ignore;
};

// Nullopt: nothing speaks against sending.
std::optional<GuardStop> check_guards(const config::Guard& guard, const PlanCounts& counts,
                                      const GuardFacts& facts);

// While sending: whether so many refusals are too many. A share is judged from a hundred rows on.
std::optional<GuardStop> check_rejected(const config::Guard& guard, uint64_t sent, uint64_t rejected);

}  // namespace penstock
