// What happened, as data: made from a run's report, or from a run that is missing. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/project.h"
#include "run/run.h"

namespace penstock::alert {

using config::AlertEvent;

std::string_view name_of(AlertEvent event);

// How bad it is: an outage that grows worse is told once more. `none`: it is over.
enum class Severity : uint8_t { none, warning, error };
Severity severity_of(AlertEvent event);

// Rows of the run, as people read them: "3 rejected", "1,200 accepted".
struct RowCounts {
  uint64_t rows = 0;  // of the model
  uint64_t sent = 0, accepted = 0, rejected = 0, in_doubt = 0, failed = 0, invalid = 0, waiting = 0;
  // Rows that are not where they should be. (Those that failed are in the next plan.)
  uint64_t refused() const { return rejected + in_doubt + invalid + waiting; }
  bool operator==(const RowCounts&) const = default;
};

// Texts hold no secrets, and personal values masked: they are taken from what reports show.
struct Notice {
  AlertEvent event = AlertEvent::failed;
  std::string sync;
  std::string run;       // empty: none was begun
  Time since{};          // when the run began, or was due
  Time at{};             // when this was known
  std::string cause;     // "destination crm: auth": syncs with the same one fail together
  bool lasting = false;  // syncs that meet this cause later meet the same trouble: they are not told anew
  std::string what;      // one sentence without a stop: what broke
  std::string said;      // the likely cause, in the words of who refused; may be empty
  std::string remedy;    // one sentence; may be empty
  std::string command;   // what to type next
  RowCounts rows;
  bool operator==(const Notice&) const = default;
};

// Of a run that ended; `recovered` where all is well. Nullopt where the run says nothing about whether the
// sync works: a person interrupted it, or another process runs it.
std::optional<Notice> notice_of(const config::Project& project, const config::Sync& sync,
                                const RunReport& report, Time now);
// Of a run that did not begin, because of `error`.
std::optional<Notice> notice_of(const config::Project& project, const config::Sync& sync, const Error& error,
                                Time now);

enum class Lateness {
  not_begun,  // it was due, and did not come
  too_long,   // it goes on for longer than its interval
};
// `since`: when it was due, or began.
Notice late_notice(const config::Sync& sync, Lateness lateness, const std::string& run, Time since, Time now);

// Whether the alert tells of it. `rejected_over` bounds what counts as `partial`.
bool wants(const config::Alert& alert, const Notice& notice);
// Whether so many rows are refused that the alert calls it partial: any, without a bound. A share is of the
// rows sent for those rejected, and of the model's rows for those invalid or waiting.
bool is_over(const std::optional<config::ShareOrCount>& bound, const RowCounts& rows);

}  // namespace penstock::alert
