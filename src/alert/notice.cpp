#include "alert/notice.h"

#include <fmt/format.h>

namespace penstock::alert {
namespace {

RowCounts counts_of(const RunRow& run) {
  return {.rows = run.rows,
          .sent = run.sent,
          .accepted = run.accepted,
          .rejected = run.rejected,
          .in_doubt = run.in_doubt,
          .failed = run.failed,
          .invalid = run.invalid,
          .waiting = run.waiting};
}

// Whose fault an error is.
struct Blame {
  AlertEvent event = AlertEvent::failed;
  std::string cause, what;
  bool lasting = true;
};

Blame blame(const config::Project& project, const config::Sync& sync, const Error& error) {
  const config::Model* model = project.model(*sync.model);
  const std::string source = model == nullptr ? "" : *model->source, destination = *sync.destination;
  const auto at_destination = [&](std::string_view what) {
    return fmt::format("destination {}: {}", destination, what);
  };
  switch (error.kind) {
    case ErrorKind::source:
      return {AlertEvent::broken, fmt::format("source {}", source),
              fmt::format("the source '{}' cannot be read", source)};
    case ErrorKind::auth:
      return {AlertEvent::broken, at_destination("auth"),
              fmt::format("the destination '{}' refuses the login", destination)};
    case ErrorKind::permission:
      return {AlertEvent::broken, at_destination("permission"),
              fmt::format("the destination '{}' refuses what the login may do", destination)};
    case ErrorKind::rate_limited:
    case ErrorKind::quota:
      return {AlertEvent::failed, at_destination("quota"),
              fmt::format("the allowance of the destination '{}' is used up", destination)};
    case ErrorKind::transient:
      return {AlertEvent::failed, at_destination("down"),
              fmt::format("the destination '{}' does not answer as it should", destination)};
    case ErrorKind::rejected:
      return {AlertEvent::failed, at_destination("refused"),
              fmt::format("the destination '{}' refused the run's requests", destination), false};
    case ErrorKind::config:
      return {AlertEvent::failed, fmt::format("model {}: configuration", *sync.model),
              "the project's files do not fit what is there", false};
    case ErrorKind::disk:
      return {AlertEvent::failed, "state", "Penstock's own state cannot be read or written"};
    default:
      return {AlertEvent::failed, fmt::format("sync {}", sync.name), "the run failed", false};
  }
}

void describe_error(const config::Project& project, const config::Sync& sync, const Error& error,
                    Notice& notice) {
  Blame found = blame(project, sync, error);
  notice.event = found.event;
  notice.cause = std::move(found.cause);
  notice.lasting = found.lasting;
  notice.what = std::move(found.what);
  notice.said = error.message;
  notice.remedy = error.remedy;
  notice.command = error.kind == ErrorKind::config || notice.event == AlertEvent::broken
                       ? "penstock check --connect"
                       : fmt::format("penstock run {}", sync.name);
}

void describe_guard(const config::Sync& sync, const GuardStop& guard, Notice& notice) {
  notice.event = AlertEvent::stopped;
  notice.cause = fmt::format("model {}: guard {}", *sync.model, guard.guard);
  notice.what = fmt::format("the guard {} stopped the run", guard.guard);
  notice.said = guard.message;
  notice.remedy = guard.remedy;
  notice.command = fmt::format("penstock plan {}", sync.name);
}

// A few keys, so that people can look at once.
std::string first_keys(const RefusedGroup& group) {
  if (group.keys.empty()) return "";
  return fmt::format(" (key {}{})", fmt::join(group.keys, ", "), group.rows > group.keys.size() ? ", …" : "");
}

void describe_partial(const config::Sync& sync, const RunReport& report, Notice& notice) {
  const RowCounts& rows = notice.rows;
  notice.event = AlertEvent::partial;
  notice.cause = fmt::format("model {}: rows", *sync.model);
  const bool has_refused = !report.refused.empty() && rows.rejected + rows.in_doubt > 0;
  notice.command = fmt::format("penstock log {} --rejected", report.run.run);
  if (has_refused) {
    const RefusedGroup& first = report.refused[0];
    notice.said = fmt::format("{}{}{}{}", first.code, first.code.empty() || first.message.empty() ? "" : ": ",
                              first.message, first_keys(first));
  } else if (!report.invalid.empty()) {
    notice.said = fmt::format("key {}: {}", report.invalid[0].key, report.invalid[0].reason);
    notice.command = fmt::format("penstock plan {}", sync.name);
  } else {
    notice.said = report.run.error;
  }
  notice.what = rows.refused() > 0 ? "some rows are not where they should be"
                                   : "the run ended before all rows were sent";
}

Notice begun(const config::Sync& sync, Time since, Time now) {
  Notice notice;
  notice.sync = sync.name;
  notice.since = since;
  notice.at = now;
  return notice;
}

bool is_over_share(double share, uint64_t part, uint64_t whole) {
  return part > 0 && static_cast<double>(part) > share * static_cast<double>(whole);
}

}  // namespace

std::string_view name_of(AlertEvent event) {
  switch (event) {
    case AlertEvent::failed:
      return "failed";
    case AlertEvent::stopped:
      return "stopped";
    case AlertEvent::partial:
      return "partial";
    case AlertEvent::late:
      return "late";
    case AlertEvent::broken:
      return "broken";
    case AlertEvent::recovered:
      return "recovered";
  }
  die("an AlertEvent without a name");
}

Severity severity_of(AlertEvent event) {
  switch (event) {
    case AlertEvent::failed:
    case AlertEvent::stopped:
    case AlertEvent::broken:
      return Severity::error;
    case AlertEvent::partial:
    case AlertEvent::late:
      return Severity::warning;
    case AlertEvent::recovered:
      return Severity::none;
  }
  die("an AlertEvent without a severity");
}

std::optional<Notice> notice_of(const config::Project& project, const config::Sync& sync,
                                const RunReport& report, Time now) {
  const std::string& status = report.run.status;
  if (status == "interrupted" || status == "running") return std::nullopt;
  if (report.error && report.error->kind == ErrorKind::locked) return std::nullopt;
  Notice notice = begun(sync, report.run.started, now);
  notice.run = report.run.run;
  notice.rows = counts_of(report.run);
  if (report.guard && status == "stopped")
    describe_guard(sync, *report.guard, notice);
  else if (status == "partial")
    describe_partial(sync, report, notice);
  else if (status == "succeeded")
    notice.event = AlertEvent::recovered;
  else
    describe_error(project, sync, report.error.value_or(Error{ErrorKind::internal, report.run.error, ""}),
                   notice);
  return notice;
}

std::optional<Notice> notice_of(const config::Project& project, const config::Sync& sync, const Error& error,
                                Time now) {
  if (error.kind == ErrorKind::locked || error.kind == ErrorKind::interrupted) return std::nullopt;
  Notice notice = begun(sync, now, now);
  describe_error(project, sync, error, notice);
  return notice;
}

Notice late_notice(const config::Sync& sync, Lateness lateness, const std::string& run, Time since,
                   Time now) {
  Notice notice = begun(sync, since, now);
  notice.event = AlertEvent::late;
  notice.run = run;
  notice.cause = "schedule";
  notice.what = lateness == Lateness::not_begun ? "a run was due, and has not begun"
                                                : "a run goes on for longer than its interval";
  notice.command = "penstock status";
  return notice;
}

bool is_over(const std::optional<config::ShareOrCount>& bound, const RowCounts& rows) {
  if (!bound) return rows.refused() > 0;
  if (bound->count) return rows.refused() > *bound->count;
  const double share = bound->share->fraction;
  return is_over_share(share, rows.rejected + rows.in_doubt, rows.sent) ||
         is_over_share(share, rows.invalid + rows.waiting, rows.rows);
}

bool wants(const config::Alert& alert, const Notice& notice) {
  const auto named = [&](AlertEvent event) {
    return std::find(alert.on.begin(), alert.on.end(), event) != alert.on.end();
  };
  switch (notice.event) {
    case AlertEvent::broken:  // a run that failed, too
      return named(AlertEvent::broken) || named(AlertEvent::failed);
    case AlertEvent::partial:
      if (!alert.rejected_over) return named(AlertEvent::partial);
      return is_over(alert.rejected_over, notice.rows);
    default:
      return named(notice.event);
  }
}

}  // namespace penstock::alert
