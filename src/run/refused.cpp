#include "run/refused.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "snapshot/snapshot.h"

namespace penstock {
namespace {

constexpr size_t kRefusedKeysShown = 6;

// Nothing to do and held back after an undo are no refusals.
std::string outcome_of(Waiting::Kind kind) {
  switch (kind) {
    case Waiting::Kind::row_rejected:
    case Waiting::Kind::removal_rejected:
      return "rejected";
    case Waiting::Kind::in_doubt:
      return "in_doubt";
    default:
      return "";
  }
}

}  // namespace

// Messages that differ only in what stands in quotes or digits are one reason: an example stands for all.
std::vector<RefusedGroup> refused_groups(const std::string& operations_file) {
  std::vector<RefusedGroup> groups;
  auto database = duck::Database::borrow({});
  if (!database.ok()) return groups;
  auto connection = database->connect();
  if (!connection.ok()) return groups;
  auto rows = connection->texts(
      fmt::format("SELECT coalesce(error_code, ''), any_value(coalesce(error_message, "
                  "'')), count(*), string_agg(key, chr(31) ORDER BY key) FILTER (n <= 3), outcome "
                  "FROM (SELECT *, row_number() OVER (PARTITION BY error_code, outcome "
                  "ORDER BY key) AS n FROM read_parquet({}) WHERE "
                  "outcome IN ('rejected', 'in_doubt', 'failed')) GROUP BY error_code, "
                  "outcome ORDER BY count(*) DESC, 1, 2, 4 LIMIT 20",
                  duck::quote_text(operations_file)));
  if (!rows.ok()) return groups;
  for (auto& row : *rows) {
    RefusedGroup& group = groups.emplace_back();
    group.code = row[0].value_or("");
    group.message = row[1].value_or("");
    group.rows = std::stoull(row[2].value_or("0"));
    group.outcome = row[4].value_or("");
    std::string keys = row[3].value_or("");
    for (size_t start = 0; start < keys.size();) {
      const size_t end = std::min(keys.find('\x1f', start), keys.size());
      group.keys.push_back(keys.substr(start, end - start));
      start = end + 1;
    }
  }
  return groups;
}

Result<std::vector<WaitingGroup>> waiting_groups(const Workspace& workspace, const std::string& sync) {
  const auto snapshot = Snapshot::open(workspace.disk(), workspace.paths().snapshot(sync), Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  std::map<std::string, WaitingGroup> by_reason;
  auto visited = snapshot->for_each_waiting([&](const Found& found) -> Result<void> {
    const auto details = snapshot->details(found.slot);
    if (!details.ok()) return details.error();
    if (!details->waiting) return success();
    const Waiting& waiting = *details->waiting;
    const std::string outcome = outcome_of(waiting.kind);
    if (outcome.empty()) return success();
    // As in refused_groups(): one code is one reason.
    WaitingGroup& group = by_reason[fmt::format("{}\n{}", outcome, waiting.code)];
    if (group.refused.rows++ == 0) {
      group.refused.code = waiting.code;
      group.refused.message = waiting.message;
      group.refused.outcome = outcome;
      group.since = waiting.since;
    }
    group.since = std::min(group.since, waiting.since);
    if (group.refused.keys.size() < kRefusedKeysShown) group.refused.keys.push_back(details->key);
    return success();
  });
  if (!visited.ok()) return visited.error();
  std::vector<WaitingGroup> groups;
  for (auto& [reason, group] : by_reason) {
    std::ranges::sort(group.refused.keys);
    groups.push_back(std::move(group));
  }
  std::ranges::sort(groups, [](const auto& one, const auto& other) {
    return std::tie(other.refused.rows, one.refused.code) < std::tie(one.refused.rows, other.refused.code);
  });
  return groups;
}

}  // namespace penstock
