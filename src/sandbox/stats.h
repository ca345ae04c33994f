// What the sandbox was asked, in numbers: GET /_sandbox/stats.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "sandbox/answer.h"

namespace penstock::sandbox {

// Counts requests to the vendor's paths; those to /_sandbox leave no trace. Not thread-safe.
class Stats {
 public:
  void count(const ServerRequest& request, const Answer& answer, bool faulted, Time now);
  // The members of a JSON object, without its braces.
  void append_members(std::string& out) const;

 private:
  uint64_t requests_ = 0;
  uint64_t rows_ = 0;       // in write requests
  uint64_t rejected_ = 0;   // of these, refused one by one
  uint64_t refused_ = 0;    // requests answered with another 4xx
  uint64_t throttled_ = 0;  // requests answered with 429
  uint64_t failed_ = 0;     // requests answered with 5xx
  uint64_t faults_ = 0;     // requests hit by a fault
  uint64_t bytes_in_ = 0;   // of request bodies
  uint64_t bytes_out_ = 0;  // of reply bodies
  std::optional<Time> first_;
  Time last_;
  std::map<std::string, uint64_t, std::less<>> by_path_;  // bounded: see count()
};

}  // namespace penstock::sandbox
