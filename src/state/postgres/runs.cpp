#include "state/postgres/runs.h"

#include <fmt/format.h>

#include "state/postgres/objects.h"

namespace penstock::state {
namespace {

constexpr const char* kNames =
    "run, sync, status, kind, started, finished, rows, added, changed, removed, unchanged, invalid, waiting, "
    "sent, accepted, rejected, skipped, in_doubt, failed, requests, throttled, error, confirmed, plan, "
    "approved_by";
// Times are microseconds since 1970, as everywhere in the program.
constexpr const char* kSelected =
    "run, sync, status, kind, (extract(epoch FROM started) * 1000000)::bigint, (extract(epoch FROM finished) "
    "* "
    "1000000)::bigint, rows, added, changed, removed, unchanged, invalid, waiting, sent, accepted, rejected, "
    "skipped, in_doubt, failed, requests, throttled, error, confirmed, plan, approved_by";

std::vector<uint64_t*> counts_in(RunRow& run) {
  return {&run.rows,    &run.added,    &run.changed, &run.removed,  &run.unchanged,
          &run.invalid, &run.waiting,  &run.sent,    &run.accepted, &run.rejected,
          &run.skipped, &run.in_doubt, &run.failed,  &run.requests, &run.throttled};
}

std::string time_sql(int parameter) {
  return fmt::format("'epoch'::timestamptz + ${}::bigint * interval '1 microsecond'", parameter);
}

// PostgreSQL has no character zero.
std::string plain(std::string text) {
  std::erase(text, '\0');
  return text;
}

RunRow run_in(const postgres::Rows& rows, size_t row) {
  const auto text = [&](size_t i) { return std::string(rows.text(row, i)); };
  RunRow run;
  run.run = text(0);
  run.sync = text(1);
  run.status = text(2);
  run.kind = text(3);
  run.started = from_unix_micros(std::stoll(text(4)));
  if (!rows.is_null(row, 5)) run.finished = from_unix_micros(std::stoll(text(5)));
  size_t column = 6;
  for (uint64_t* count : counts_in(run)) *count = std::stoull(text(column++));
  run.error = text(column++);
  run.confirmed = text(column++);
  run.plan = text(column++);
  run.approved_by = text(column);
  return run;
}

}  // namespace

Result<void> PostgresRuns::put(const RunRow& run) {
  const auto lease = leases_.held(fmt::format("syncs/{}/lock", run.sync));
  const Fence fence = lease ? lease->fence() : Fence{};
  Parameters parameters = fence_parameters(fence);
  parameters.insert(
      parameters.end(),
      {run.run, run.sync, run.status, run.kind, fmt::to_string(unix_micros(run.started)),
       run.finished ? std::optional(fmt::to_string(unix_micros(*run.finished))) : std::nullopt});
  RunRow copy = run;
  for (const uint64_t* count : counts_in(copy)) parameters.emplace_back(fmt::to_string(*count));
  parameters.insert(parameters.end(), {plain(run.error), run.confirmed, run.plan, run.approved_by});
  std::string values = "$3::text, $4::text, $5::text, $6::text, " + time_sql(7) + ", " + time_sql(8);
  for (int i = 9; i < 24; ++i) values += fmt::format(", ${}::bigint", i);
  for (int i = 24; i < 28; ++i) values += fmt::format(", ${}::text", i);
  std::string updates;
  for (std::string_view rest = kNames; !rest.empty();) {
    const size_t end = std::min(rest.find(", "), rest.size());
    updates += fmt::format("{}{} = excluded.{}", updates.empty() ? "" : ", ", rest.substr(0, end),
                           rest.substr(0, end));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  auto rows =
      server_.run(fmt::format("WITH {}, put AS (INSERT INTO @runs({}) SELECT {} FROM held ON CONFLICT (run) "
                              "DO UPDATE SET {}) SELECT count(*) FROM held",
                              held_sql(fence), kNames, values, updates),
                  parameters);
  if (!rows.ok()) return rows.error();
  return rows->text(0, 0) == "0" ? lease_lost(fence) : success();
}

Result<std::optional<RunRow>> PostgresRuns::find(const std::string& run) {
  auto rows = server_.run(fmt::format("SELECT {} FROM @runs WHERE run = $1::text", kSelected), {run});
  if (!rows.ok()) return rows.error();
  return rows->count() == 0 ? std::nullopt : std::optional(run_in(*rows, 0));
}

Result<std::vector<RunRow>> PostgresRuns::list(const std::string& sync, uint64_t limit) {
  Parameters parameters{fmt::to_string(std::min<uint64_t>(limit, INT64_MAX))};
  if (!sync.empty()) parameters.emplace_back(sync);
  auto rows =
      server_.run(fmt::format("SELECT {} FROM @runs {} ORDER BY runs.started DESC, run DESC LIMIT $1::bigint",
                              kSelected, sync.empty() ? "" : "WHERE sync = $2::text"),
                  parameters);
  if (!rows.ok()) return rows.error();
  std::vector<RunRow> runs;
  for (size_t i = 0; i < rows->count(); ++i) runs.push_back(run_in(*rows, i));
  return runs;
}

Result<void> PostgresRuns::put(const ApprovalRow& approval) {
  auto rows = server_.run(
      fmt::format(
          "INSERT INTO @approvals(plan, sync, approved_by, at, note) VALUES ($1::text, $2::text, $3::text, "
          "{}, $5::text) ON CONFLICT (plan, approved_by) DO UPDATE SET sync = excluded.sync, at = "
          "excluded.at, note = excluded.note",
          time_sql(4)),
      {approval.plan, approval.sync, approval.by, fmt::to_string(unix_micros(approval.at)),
       plain(approval.note)});
  return rows.ok() ? success() : rows.error();
}

Result<std::vector<ApprovalRow>> PostgresRuns::approvals(const std::string& plan) {
  auto rows = server_.run(
      "SELECT plan, sync, approved_by, (extract(epoch FROM at) * 1000000)::bigint, note FROM @approvals "
      "WHERE plan "
      "= $1::text ORDER BY at, approved_by",
      {plan});
  if (!rows.ok()) return rows.error();
  std::vector<ApprovalRow> approvals;
  for (size_t i = 0; i < rows->count(); ++i)
    approvals.push_back(
        {std::string(rows->text(i, 0)), std::string(rows->text(i, 1)), std::string(rows->text(i, 2)),
         from_unix_micros(std::stoll(std::string(rows->text(i, 3)))), std::string(rows->text(i, 4))});
  return approvals;
}

}  // namespace penstock::state
