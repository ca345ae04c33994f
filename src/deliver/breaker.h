// Whether an account's destination was found to be down. The delivery that finds it out has tried again and
// again; the others, and those that begin a moment later, need not: their first attempt without an answer is
// the last. The first answer that anybody gets ends it.
#pragma once

#include <optional>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace penstock {

// Loop thread only.
class Breaker {
 public:
  void open(Error why, Instant now) { open_.emplace(std::move(why), now); }
  void answered() { open_.reset(); }
  // What the one that opened it says, unless that is long ago by now.
  std::optional<Error> why_open(Instant now) const {
    constexpr Duration kForgotten = 2min;
    return open_ && now - open_->second < kForgotten ? std::optional(open_->first) : std::nullopt;
  }

 private:
  std::optional<std::pair<Error, Instant>> open_;
};

}  // namespace penstock
