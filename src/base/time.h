// Time as values, and the clocks as seams: code that needs "now" is given a Clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

using Duration = std::chrono::microseconds;
// Wall-clock time in UTC: for records and messages; may jump.
using Time = std::chrono::sys_time<Duration>;
// Monotonic time since an arbitrary start: for limits, time-outs and rates; never jumps.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

using namespace std::chrono_literals;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual Instant instant() const = 0;
};

// The machine's clocks. One object for the process.
const Clock& real_clock();

// "2026-11-23T14:13:11.250Z": ISO 8601, UTC, milliseconds.
std::string iso8601(Time time);
// The same, with any number of digits after the second, or none. Nullopt for anything else.
std::optional<Time> parse_iso8601(std::string_view text);
inline int64_t unix_micros(Time time) {
  return time.time_since_epoch().count();
}
inline Time from_unix_micros(int64_t micros) {
  return Time(Duration(micros));
}
inline double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace penstock
