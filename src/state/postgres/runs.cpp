#include "state/postgres/runs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "state/lease_names.h"
#include "state/postgres/objects.h"

namespace penstock::state {
namespace {

std::string time_sql(size_t parameter) {
  return fmt::format("'epoch'::timestamptz + ${}::bigint * interval '1 microsecond'", parameter);
}

// Times are microseconds since 1970, as everywhere in the program.
std::string micros_sql(std::string_view column) {
  return fmt::format("(extract(epoch FROM {}) * 1000000)::bigint", column);
}

std::string selected_columns() {
  std::vector<std::string> columns = run_columns();
  for (auto& name : columns)
    if (name == "started" || name == "finished") name = micros_sql(name);
  return fmt::format("{}", fmt::join(columns, ", "));
}

// PostgreSQL has no character zero.
std::string plain(std::string text) {
  std::erase(text, '\0');
  return text;
}

RunRow run_in(const postgres::Rows& rows, size_t row) {
  const auto text = [&](size_t i) { return std::string(rows.text(row, i)); };
  RunRow run;
  size_t column = 0;
  for (const auto& [name, value] : kRunTexts) run.*value = text(column++);
  for (const auto& [name, value] : kRunCounts) run.*value = std::stoull(text(column++));
  run.started = from_unix_micros(std::stoll(text(column++)));
  if (!rows.is_null(row, column)) run.finished = from_unix_micros(std::stoll(text(column)));
  return run;
}

}  // namespace

Result<void> PostgresRuns::put(const RunRow& run) {
  const auto lease = leases_.held(lease_of_sync(run.sync));
  const Fence fence = lease ? lease->fence() : Fence{};
  Parameters parameters = fence_parameters(fence);
  std::vector<std::string> values, updates;
  const auto add = [&](std::optional<std::string> value, std::string_view type) {
    parameters.push_back(std::move(value));
    values.push_back(fmt::format("${}::{}", parameters.size(), type));
  };
  for (const auto& [name, value] : kRunTexts) add(plain(run.*value), "text");
  for (const auto& [name, value] : kRunCounts) add(fmt::to_string(run.*value), "bigint");
  for (const auto& time : {std::optional(run.started), run.finished}) {
    parameters.push_back(time ? std::optional(fmt::to_string(unix_micros(*time))) : std::nullopt);
    values.push_back(time_sql(parameters.size()));
  }
  const std::vector<std::string> columns = run_columns();
  for (const auto& name : columns) updates.push_back(fmt::format("{0} = excluded.{0}", name));
  auto rows =
      server_.run(fmt::format("WITH {}, put AS (INSERT INTO @runs({}) SELECT {} FROM held ON CONFLICT (run) "
                              "DO UPDATE SET {}) SELECT count(*) FROM held",
                              held_sql(fence), fmt::join(columns, ", "), fmt::join(values, ", "),
                              fmt::join(updates, ", ")),
                  parameters);
  if (!rows.ok()) return rows.error();
  return rows->text(0, 0) == "0" ? lease_lost(fence.lease) : success();
}

Result<std::optional<RunRow>> PostgresRuns::find(const std::string& run) {
  auto rows =
      server_.run(fmt::format("SELECT {} FROM @runs WHERE run = $1::text", selected_columns()), {run});
  if (!rows.ok()) return rows.error();
  return rows->count() == 0 ? std::nullopt : std::optional(run_in(*rows, 0));
}

Result<std::vector<RunRow>> PostgresRuns::list(const std::string& sync, uint64_t limit) {
  Parameters parameters{fmt::to_string(std::min<uint64_t>(limit, INT64_MAX))};
  if (!sync.empty()) parameters.emplace_back(sync);
  auto rows =
      server_.run(fmt::format("SELECT {} FROM @runs {} ORDER BY runs.started DESC, run DESC LIMIT $1::bigint",
                              selected_columns(), sync.empty() ? "" : "WHERE sync = $2::text"),
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
      fmt::format("SELECT plan, sync, approved_by, {}, note FROM @approvals WHERE plan = $1::text ORDER BY "
                  "at, approved_by",
                  micros_sql("at")),
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
