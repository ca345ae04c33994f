#include "snapshot/change_set.h"

#include <fmt/format.h>

#include "snapshot/change_set_state.h"
#include "snapshot/manifest.h"

namespace penstock {
namespace {

using namespace snapshot;

uint8_t flags_of(const KeyState& state) {
  return static_cast<uint8_t>((state.accepted ? kAccepted : 0) | (state.gone ? kGone : 0) |
                              (state.foreign ? kForeign : 0) | (state.waiting() ? kWaiting : 0));
}

// A directory with a manifest is known to be a snapshot: should the manifest get lost later, that is noticed.
Result<void> ensure_manifest(Disk& disk, const std::string& directory) {
  auto manifest = read_manifest(disk, directory);
  if (!manifest.ok()) return manifest.error();
  if (manifest->generation > 0) return success();
  return disk.replace(join_path(directory, kManifestName), manifest_text(Manifest()));
}

Error too_long(const Details& details, size_t size_bytes) {
  return {
      ErrorKind::config,
      fmt::format("the key and match values of the row {:.80} take {} bytes; the snapshot holds {} for a key",
                  details.key, size_bytes, Ref::kSizeMax),
      "choose a shorter primary key or match value"};
}

}  // namespace

ChangeSet::ChangeSet(std::unique_ptr<Changes> state) : state_(std::move(state)) {}
ChangeSet::ChangeSet(ChangeSet&&) noexcept = default;
ChangeSet& ChangeSet::operator=(ChangeSet&&) noexcept = default;
ChangeSet::~ChangeSet() = default;

Result<ChangeSet> ChangeSet::begin(Disk& disk, std::string directory) {
  if (auto made = disk.make_directories(directory); !made.ok()) return made.error();
  if (auto ensured = ensure_manifest(disk, directory); !ensured.ok()) return ensured.error();
  const std::string path = join_path(directory, kChangesName);
  if (auto removed = disk.remove(path); !removed.ok()) return removed.error();
  auto file = disk.append_to(path);
  if (!file.ok()) return file.error();
  ChangeSet changes(std::make_unique<Changes>(&disk, std::move(directory),
                                              FileWriter(std::move(file).value()), EntryBuffer()));
  if (auto begun = changes.state_->file.append(preamble()); !begun.ok()) return begun.error();
  return changes;
}

Result<void> ChangeSet::put(KeyHash key, const KeyState& state) {
  check(key.hi != 0, "a key's hash is never 0");
  const uint8_t flags = flags_of(state);
  Ref ref(0, 0, flags);
  if (state.details) {
    const std::string record = encode_record(key, *state.details);
    if (record.size() > Ref::kSizeMax) return too_long(*state.details, record.size());
    const uint64_t at = state_->file.position();
    if (at > Ref::kOffsetMax)
      return Error{ErrorKind::disk, "the texts of one run's changes exceed 512 GB", "run with --limit first"};
    if (auto appended = state_->file.append(record); !appended.ok()) return appended;
    ref = Ref(at, record.size(), flags);
  }
  state_->entries.add({key, to_stored(flags, state.accepted.value_or(kNothingAccepted)), ref});
  return success();
}

Result<void> ChangeSet::erase(KeyHash key) {
  check(key.hi != 0, "a key's hash is never 0");
  state_->entries.add({key, to_stored(kTombstone, kNothingAccepted), Ref(0, 0, kTombstone)});
  return success();
}

uint64_t ChangeSet::size() const {
  return state_->entries.size();
}

}  // namespace penstock
