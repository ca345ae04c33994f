// What the system knows of this process.
#pragma once

#include <optional>

namespace penstock {

struct ProcessFacts {
  double cpu_seconds = 0;
  std::optional<double> resident_bytes{}, open_fds{}, max_fds{};
};
// Reads /proc; what is not there is not known.
ProcessFacts process_facts();

}  // namespace penstock
