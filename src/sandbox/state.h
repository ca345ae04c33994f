// All that a sandbox remembers and all vendors have in common. POST /_sandbox/reset makes a new one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "sandbox/faults.h"
#include "sandbox/history.h"
#include "sandbox/limits.h"
#include "sandbox/options.h"
#include "sandbox/stats.h"
#include "sandbox/table.h"

namespace penstock::sandbox {

enum class TokenState { valid, revoked, expired };

// Not thread-safe: the engine carries out one request at a time.
struct State {
  explicit State(const SandboxOptions& options_given)
      : options(options_given), random(options.seed), history(options.history) {}

  // The table of an object, made when first asked for. It stays where it is.
  Table& table(std::string_view object);
  // Null: no such object was written or defined yet.
  Table* find_table(std::string_view object) const;
  // Tokens are valid unless POST /_sandbox/token said otherwise.
  TokenState token_state(std::string_view token) const;

  const SandboxOptions& options;
  Time now{};  // when the request at hand came in
  Instant instant{};
  Random random;
  std::map<std::string, std::unique_ptr<Table>, std::less<>> tables;
  std::map<std::string, TokenState, std::less<>> tokens;
  RateLimits limits;
  UnderWay under_way;
  DailyCount today;
  Faults faults;
  Stats stats;
  History history;
};

// Whether a row (or a request) is among the given share of those that fail; the same text with the same
// seed always gets the same answer.
bool is_chosen(std::string_view text, double share, uint64_t seed);

}  // namespace penstock::sandbox
