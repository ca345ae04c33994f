#include "state/s3/bucket_runs.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "declare/json.h"
#include "net/crypto.h"
#include "state/lease_names.h"

namespace penstock::state {
namespace {

std::string run_text(const RunRow& run) {
  declare::JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : kRunTexts) json.key(name).text(run.*value);
  for (const auto& [name, value] : kRunCounts) json.key(name).integer(static_cast<int64_t>(run.*value));
  json.key("started").integer(unix_micros(run.started));
  if (run.finished) json.key("finished").integer(unix_micros(*run.finished));
  return json.end_object().str();
}

Error cannot_read(const std::string& key, const simdjson::simdjson_error& error) {
  return {ErrorKind::disk, fmt::format("{} in the shared state cannot be read: {}", key, error.what()),
          "remove it: only a line of the history is lost"};
}

Result<RunRow> parse_run(const std::string& text, const std::string& key) {
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element json = parser.parse(text);
    RunRow run;
    for (const auto& [name, value] : kRunTexts) run.*value = std::string_view(json[name]);
    for (const auto& [name, value] : kRunCounts) run.*value = json[name].get_uint64();
    run.started = from_unix_micros(json["started"].get_int64());
    if (int64_t finished = 0; json["finished"].get(finished) == simdjson::SUCCESS)
      run.finished = from_unix_micros(finished);
    return run;
  } catch (const simdjson::simdjson_error& error) {
    return cannot_read(key, error);
  }
}

}  // namespace

Result<void> BucketRuns::put(const RunRow& run) {
  if (const auto lease = leases_.held(lease_of_sync(run.sync)))
    if (auto ours = heads_.see_to(lease->fence()); !ours.ok()) return ours;
  return bucket_.put(fmt::format("runs/{}~{}.json", run.run, run.sync), run_text(run));
}

Result<std::optional<RunRow>> BucketRuns::find(const std::string& run) {
  auto entries = bucket_.list(fmt::format("runs/{}~", run));
  if (!entries.ok()) return entries.error();
  if (entries->empty()) return std::optional<RunRow>();
  auto object = bucket_.get((*entries)[0].key);
  if (!object.ok()) return object.error();
  if (!*object) return std::optional<RunRow>();
  auto row = parse_run((*object)->bytes, (*entries)[0].key);
  if (!row.ok()) return row.error();
  return std::optional(*std::move(row));
}

// Runs are named by when they began.
Result<std::vector<RunRow>> BucketRuns::list(const std::string& sync, uint64_t limit) {
  auto entries = bucket_.list("runs/");
  if (!entries.ok()) return entries.error();
  std::ranges::reverse(*entries);
  std::vector<RunRow> runs;
  for (const auto& entry : *entries) {
    if (runs.size() >= limit) break;
    if (!sync.empty() && !entry.key.ends_with(fmt::format("~{}.json", sync))) continue;
    auto object = bucket_.get(entry.key);
    if (!object.ok()) return object.error();
    if (!*object) continue;
    auto run = parse_run((*object)->bytes, entry.key);
    if (!run.ok()) return run.error();
    runs.push_back(*std::move(run));
  }
  std::ranges::sort(runs, [](const RunRow& a, const RunRow& b) { return a.started > b.started; });
  return runs;
}

Result<void> BucketRuns::put(const ApprovalRow& approval) {
  declare::JsonWriter json;
  json.begin_object()
      .key("plan")
      .text(approval.plan)
      .key("sync")
      .text(approval.sync)
      .key("by")
      .text(approval.by);
  json.key("at").integer(unix_micros(approval.at)).key("note").text(approval.note).end_object();
  return bucket_.put(
      fmt::format("approvals/{}/{}.json", approval.plan, hex(sha256(approval.by)).substr(0, 16)), json.str());
}

Result<std::vector<ApprovalRow>> BucketRuns::approvals(const std::string& plan) {
  auto entries = bucket_.list(fmt::format("approvals/{}/", plan));
  if (!entries.ok()) return entries.error();
  std::vector<ApprovalRow> approvals;
  for (const auto& entry : *entries) {
    auto object = bucket_.get(entry.key);
    if (!object.ok()) return object.error();
    if (!*object) continue;
    try {
      simdjson::dom::parser parser;
      const simdjson::dom::element json = parser.parse((*object)->bytes);
      const auto text = [&](const char* name) { return std::string(std::string_view(json[name])); };
      approvals.push_back(
          {text("plan"), text("sync"), text("by"), from_unix_micros(json["at"].get_int64()), text("note")});
    } catch (const simdjson::simdjson_error& error) {
      return cannot_read(entry.key, error);
    }
  }
  std::ranges::sort(approvals, {}, &ApprovalRow::at);
  return approvals;
}

}  // namespace penstock::state
