#include "cli/points_in_time.h"

#include <fmt/format.h>

#include <ctime>

#include "declare/units.h"

namespace penstock::cli {

Result<Time> point_in_time(const char* option, const std::string& text, Time now) {
  if (const auto ago = declare::parse_duration(text); ago.ok()) return now - *ago;
  for (const char* form :
       {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    std::tm date{};
    const char* rest = ::strptime(text.c_str(), form, &date);
    if (rest != nullptr && (*rest == 0 || std::string_view(rest) == "Z"))
      return Time(Duration(int64_t{::timegm(&date)} * 1'000'000));
  }
  return Error{ErrorKind::config, fmt::format("{}: '{}' is no time", option, text),
               "say how long ago (7d, 2h), or a date (2026-11-23), or a time in UTC (2026-11-23T14:00)"};
}

}  // namespace penstock::cli
