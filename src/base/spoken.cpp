#include "base/spoken.h"

#include <fmt/format.h>

#include <cmath>

namespace penstock {

std::string number(uint64_t value) {
  std::string digits = fmt::to_string(value);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string count(uint64_t value, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", number(value), value == 1 ? singular : plural);
}

std::string duration(double seconds) {
  if (seconds < 0.095) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<uint64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600)
    return whole % 60 == 0 ? fmt::format("{} min", whole / 60)
                           : fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} days {} h", whole / 86400, whole / 3600 % 24);
}

std::string ago(Time time, Time now) {
  const double seconds = in_seconds(now - time);
  if (seconds < 5) return "just now";
  if (seconds < 60) return fmt::format("{:.0f} s ago", seconds);
  if (seconds < 3600) return fmt::format("{:.0f} min ago", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{:.0f} h ago", seconds / 3600);
  return fmt::format("{:.0f} days ago", seconds / 86400);
}

std::string percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? "0%"
                    : fmt::format("{:.0f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace penstock
