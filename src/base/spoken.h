// Numbers and times as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace penstock {

// 1234567 -> "1,234,567".
std::string number(uint64_t value);
// 1 row, 2 rows.
std::string count(uint64_t value, std::string_view singular, std::string_view plural);
// 0.4 s, 12 s, 3 min 20 s, 2 h 5 min.
std::string duration(double seconds);
// "4 min ago", "just now", "3 days ago".
std::string ago(Time time, Time now);
std::string percent(uint64_t part, uint64_t whole);

}  // namespace penstock
