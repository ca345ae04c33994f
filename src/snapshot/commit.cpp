#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "snapshot/change_set_state.h"
#include "snapshot/snapshot.h"
#include "snapshot/table_format.h"
#include "snapshot/table_writer.h"
#include "snapshot/tables.h"

namespace penstock {
namespace snapshot {
namespace {

// Deltas below this many entries are not worth a new base, however small the base is.
constexpr uint64_t kDeltaEntriesMin = 4096;
// All deltas together against the base: what a probe and the memory may cost beyond a single table.
constexpr uint64_t kDeltaShare = 16;
// A delta that is not this many times greater than the new one is merged with it: few deltas at any time,
// and each entry is written but a few times on its way to the base.
constexpr uint64_t kMergeRatio = 4;

// One commit from start to end.
class Committer {
 public:
  Committer(const State& old, Changes& changes, const ManifestUpdate& update)
      : old_(old), changes_(changes), update_(update), disk_(*changes.disk), manifest_(old.manifest) {}
  Result<void> run();

 private:
  Result<void> check_unmoved();
  Result<void> check_texts() const;
  size_t tables_kept() const;
  Result<void> settle_counts();
  Result<void> write_table(size_t kept);
  std::unique_ptr<Merge> merge_from(size_t kept) const;
  Result<uint64_t> free_number();
  Result<void> replace_manifest();
  void remove_leftovers();
  std::string path_of(std::string_view name) const { return join_path(changes_.directory, name); }

  const State& old_;
  Changes& changes_;
  const ManifestUpdate& update_;
  Disk& disk_;
  Manifest manifest_;  // becomes the new one
};

Result<void> Committer::run() {
  if (auto unmoved = check_unmoved(); !unmoved.ok()) return unmoved;
  if (auto sane = check_texts(); !sane.ok()) return sane;
  changes_.entries.sort();
  size_t kept = tables_kept();
  if (kept > 0) {
    if (auto settled = settle_counts(); !settled.ok()) return settled;
    kept = tables_kept();
  }
  const bool rewritten = kept < old_.tables.size() || changes_.entries.size() > 0;
  if (rewritten)
    if (auto written = write_table(kept); !written.ok()) return written;
  if (auto replaced = replace_manifest(); !replaced.ok()) return replaced;
  remove_leftovers();
  return success();
}

Result<void> Committer::check_unmoved() {
  check(old_.directory == changes_.directory, "a change set of another directory");
  auto now = read_manifest(disk_, changes_.directory);
  if (!now.ok()) return now.error();
  if (now->generation == old_.manifest.generation) return success();
  return Error{ErrorKind::locked,
               fmt::format("the snapshot in {} was changed by somebody else meanwhile", changes_.directory),
               "run the sync again; only one penstock may work on it at a time"};
}

// The manifest is JSON: bytes that are not UTF-8 could be written, but not read again.
Result<void> Committer::check_texts() const {
  const auto valid = [](std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); };
  bool all = valid(update_.last_run.value_or("")) && valid(update_.mappings.value_or(""));
  if (update_.extras)
    for (const auto& [name, value] : *update_.extras) all = all && valid(name) && valid(value);
  if (all) return success();
  return Error{ErrorKind::internal, "a text for the snapshot's manifest is not valid UTF-8", ""};
}

// How many of the old tables stay as they are, from the base on; the others go into the new one.
size_t Committer::tables_kept() const {
  const auto& tables = old_.tables;
  if (tables.empty() || update_.refingerprint) return 0;
  uint64_t merged = changes_.entries.size();
  if (merged == 0) return tables.size();
  size_t kept = tables.size();
  while (kept > 1 && tables[kept - 1]->footer().entries <= kMergeRatio * merged)
    merged += tables[--kept]->footer().entries;
  uint64_t deltas = merged;
  for (size_t i = 1; i < kept; ++i) deltas += tables[i]->footer().entries;
  return deltas > std::max(tables[0]->footer().entries / kDeltaShare, kDeltaEntriesMin) ? 0 : kept;
}

// What the changes do to the counts, looked up key by key; erasing what is not there needs no tombstone.
Result<void> Committer::settle_counts() {
  return changes_.entries.retain([this](const Entry& entry) -> Result<bool> {
    const State::Place place = old_.locate(entry.key);
    uint8_t before = kTombstone;
    if (place.index != kNoSlot) {
      auto flags = old_.tables[place.table]->flags(place.index);
      if (!flags.ok()) return flags.error();
      before = *flags;
    }
    count_out(manifest_.counts, before);
    count_in(manifest_.counts, entry.ref.flags());
    return (before & kTombstone) == 0 || (entry.ref.flags() & kTombstone) == 0;
  });
}

std::unique_ptr<Merge> Committer::merge_from(size_t kept) const {
  std::vector<std::unique_ptr<Cursor>> newest_first;
  newest_first.push_back(cursor_over(changes_.entries));
  for (size_t i = old_.tables.size(); i-- > kept;)
    newest_first.push_back(cursor_over(*old_.tables[i], old_.first_slots[i]));
  return std::make_unique<Merge>(std::move(newest_first), kept == 0 ? Tombstones::drop : Tombstones::keep);
}

Result<void> Committer::write_table(size_t kept) {
  // Damage must not be copied under a fresh checksum.
  for (size_t i = kept; i < old_.tables.size(); ++i)
    if (auto verified = old_.tables[i]->verify(); !verified.ok()) return verified;
  TableWriter writer(changes_.file, [this, kept] { return merge_from(kept); }, update_.refingerprint);
  auto written = writer.write();
  if (!written.ok()) return written.error();
  manifest_.tables.resize(kept);
  if (kept == 0) manifest_.counts = written->counts;
  if (written->entries == 0) return success();
  auto number = free_number();
  if (!number.ok()) return number.error();
  manifest_.tables.push_back({*number, written->size_bytes, written->entries, written->checksum});
  return disk_.rename(path_of(kChangesName), path_of(table_name(*number)));
}

// One that no file has, so that a crash before the new manifest leaves all tables of the old one alone.
Result<uint64_t> Committer::free_number() {
  auto names = disk_.list(changes_.directory);
  if (!names.ok()) return names.error();
  uint64_t number = 1;
  for (const std::string& name : *names)
    if (const auto taken = table_number(name)) number = std::max(number, *taken + 1);
  return number;
}

Result<void> Committer::replace_manifest() {
  ++manifest_.generation;
  if (update_.last_run) manifest_.last_run = *update_.last_run;
  if (update_.mappings) manifest_.mappings = *update_.mappings;
  if (update_.extras) manifest_.extras = *update_.extras;
  return disk_.replace(path_of(kManifestName), manifest_text(manifest_));
}

// Nothing depends on it: what cannot be removed now is removed by the next commit.
void Committer::remove_leftovers() {
  auto names = disk_.list(changes_.directory);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const auto number = table_number(name);
    const bool in_use = number && std::ranges::any_of(manifest_.tables, [&](const TableRef& table) {
                          return table.number == *number;
                        });
    if ((number && !in_use) || name == kChangesName || name == fmt::format("{}.new", kManifestName))
      if (auto removed = disk_.remove(path_of(name)); !removed.ok()) return;
  }
}

}  // namespace
}  // namespace snapshot

Result<void> commit(const Snapshot& old, ChangeSet changes, const ManifestUpdate& update) {
  return snapshot::Committer(*old.state_, *changes.state_, update).run();
}

}  // namespace penstock
