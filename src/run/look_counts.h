// What was seen of a plan's records at the destination.
#pragma once

#include <cstdint>

namespace penstock {

struct LookCounts {
  uint64_t read = 0;         // records that are there
  uint64_t absent = 0;       // rows without a record
  uint64_t equal = 0;        // records that say already what their rows say
  uint64_t kept_fields = 0;  // values of others that would be left alone
  uint64_t requests = 0;     // that it took
};

}  // namespace penstock
