#include "run/doubt.h"

#include <fmt/format.h>

#include "run/recover.h"
#include "run/run.h"
#include "snapshot/snapshot.h"

namespace penstock {
namespace {

struct Doubt {
  KeyHash key;
  Found found;
  Details details;
};

bool is_in_doubt(const Details& details) {
  return details.waiting && details.waiting->kind == Waiting::Kind::in_doubt;
}

Result<std::vector<Doubt>> all_in_doubt(const Snapshot& snapshot) {
  std::vector<Doubt> doubts;
  auto visited = snapshot.for_each_waiting([&](const Found& found) -> Result<void> {
    auto details = snapshot.details(found.slot);
    if (!details.ok()) return details.error();
    if (is_in_doubt(*details)) doubts.push_back({found.key, found, *std::move(details)});
    return success();
  });
  if (!visited.ok()) return visited.error();
  return doubts;
}

Error not_in_doubt(const std::string& sync, const std::string& key) {
  return {ErrorKind::config, fmt::format("row {} of '{}' is not in doubt", key, sync),
          fmt::format("`penstock trace {} {}` tells what is known of it", sync, key)};
}

Result<std::vector<Doubt>> named(const Snapshot& snapshot, const std::string& sync, size_t key_columns,
                                 const std::vector<std::string>& keys) {
  std::vector<Doubt> doubts;
  for (const auto& text : keys) {
    const auto key = parse_key(text, key_columns);
    if (!key.ok()) return key.error();
    const auto found = snapshot.find(*key);
    if (!found.ok()) return found.error();
    if (!*found) return not_in_doubt(sync, text);
    auto details = snapshot.details((*found)->slot);
    if (!details.ok()) return details.error();
    if (!is_in_doubt(*details)) return not_in_doubt(sync, text);
    doubts.push_back({*key, **found, *std::move(details)});
  }
  return doubts;
}

Result<void> note(const Doubt& doubt, DoubtVerdict verdict, ChangeSet& changes) {
  if (verdict == DoubtVerdict::not_written) return changes.erase(doubt.key);
  KeyState state{.accepted = doubt.details.waiting->fingerprint,
                 .gone = doubt.found.gone,
                 .foreign = doubt.found.foreign,
                 .details = doubt.details};
  state.details->waiting.reset();
  return changes.put(doubt.key, state);
}

}  // namespace

Result<SettledDoubt> settle_doubt(Workspace& workspace, const config::Sync& sync,
                                  const std::vector<std::string>& keys, DoubtVerdict verdict) {
  SettledDoubt settled;
  auto lock = lock_sync(workspace, sync.name, workspace.new_run_id());
  if (!lock.ok()) return lock.error();
  if (auto recovered = recover(workspace, sync.name, settled.notes); !recovered.ok())
    return recovered.error();
  const std::string directory = workspace.paths().snapshot(sync.name);
  auto snapshot = Snapshot::open(workspace.disk(), directory, Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  const size_t key_columns = workspace.project().model(*sync.model)->primary_key.size();
  auto doubts = keys.empty() ? all_in_doubt(*snapshot) : named(*snapshot, sync.name, key_columns, keys);
  if (!doubts.ok()) return doubts.error();
  if (doubts->empty()) return settled;
  auto changes = ChangeSet::begin(workspace.disk(), directory);
  if (!changes.ok()) return changes.error();
  for (const auto& doubt : *doubts) {
    if (auto noted = note(doubt, verdict, *changes); !noted.ok()) return noted.error();
    settled.keys.push_back(doubt.details.key);
  }
  if (auto committed = commit(*snapshot, *std::move(changes), {}); !committed.ok()) return committed.error();
  return settled;
}

Result<uint64_t> count_in_doubt(const Workspace& workspace, const std::string& sync) {
  auto snapshot = Snapshot::open(workspace.disk(), workspace.paths().snapshot(sync), Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  auto doubts = all_in_doubt(*snapshot);
  if (!doubts.ok()) return doubts.error();
  return doubts->size();
}

}  // namespace penstock
