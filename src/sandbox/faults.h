// Faults on request: what goes wrong with the next requests, for tests of what a client makes of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace penstock::sandbox {

enum class FaultKind {
  status,   // an error status with the vendor's error body
  reset,    // the connection is reset
  stall,    // no answer at all
  garbage,  // 200 with a body that is not JSON
  noise,    // bytes that are not HTTP
  partial,  // the true answer, cut off in the middle of its body
  slow,     // the true answer, late
};

// Which requests are hit, by what, and how often.
struct FaultOrder {
  std::string path;  // start or part of the request's path
  FaultKind kind = FaultKind::status;
  int status = 503;
  int64_t count = 1;       // how many requests are hit; -1: all, until the next reset
  bool after = false;      // the request takes effect first: a write that was done and looks as if it was not
  double probability = 1;  // of hitting a request that matches; those not hit are not counted
  std::optional<uint32_t> retry_after;  // seconds, sent as Retry-After with `status`
  std::optional<std::string> body;      // with `status`, instead of the vendor's own
  Duration delay = 2s;                  // with `slow`
};

// The body of POST /_sandbox/fault. Errors are of kind config.
Result<FaultOrder> parse_fault(std::string_view json);

// Not thread-safe.
class Faults {
 public:
  void add(FaultOrder fault) { faults_.push_back(std::move(fault)); }
  // The fault that hits this request, if one does; spends it.
  std::optional<FaultOrder> next(std::string_view path, Random& random);

 private:
  std::vector<FaultOrder> faults_;
};

}  // namespace penstock::sandbox
