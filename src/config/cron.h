// Cron expressions: when a schedule fires, in local time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::config {

using LocalMinutes = std::chrono::local_time<std::chrono::minutes>;

// Five fields, minute hour day month weekday: numbers, names (MON, JAN), lists, ranges, steps; or @hourly,
// @daily, @weekly, @monthly, @yearly. Where both day and weekday are restricted, either is enough (as in
// cron(8)).
struct Cron {
  std::string text;          // as it was written
  uint64_t minutes = 0;      // bit n: minute n
  uint32_t hours = 0;        // bit n: hour n
  uint32_t days = 0;         // bit n: day n of the month, from 1
  uint16_t months = 0;       // bit n: month n, from 1
  uint8_t weekdays = 0;      // bit n: weekday n, 0 is Sunday
  bool any_day = false;      // days was written with *
  bool any_weekday = false;  // weekdays was written with *

  bool fires_on(std::chrono::local_days day) const;
  // The first time after `now` at which it fires; nullopt when it never does.
  std::optional<LocalMinutes> next(LocalMinutes now) const;
};

// The error's message is a phrase for "expected ...".
Result<Cron> parse_cron(std::string_view text);

// Names of the IANA time zone database, sorted; those of version 2025b, compiled in.
const std::vector<std::string>& time_zone_names();
bool is_time_zone(std::string_view name);

}  // namespace penstock::config
