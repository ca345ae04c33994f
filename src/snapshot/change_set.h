// What a run changed in a snapshot, and the commit that makes it durable in one step.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/disk.h"
#include "base/key.h"
#include "base/result.h"
#include "snapshot/key_state.h"

namespace penstock {

class Snapshot;
struct ManifestUpdate;
namespace snapshot {
struct Changes;
}

// States that a run leaves behind, gathered for one commit. 32 bytes of memory a key; texts go straight to
// the file that becomes the next table. Not thread-safe. One at a time per directory (the caller holds the
// sync's lock). Dropped without a commit it changes nothing; its file is removed by the next one.
class ChangeSet {
 public:
  // Creates the directory and the file. `disk` must outlive the change set.
  static Result<ChangeSet> begin(Disk& disk, std::string directory);
  ChangeSet(ChangeSet&&) noexcept;
  ChangeSet& operator=(ChangeSet&&) noexcept;
  ~ChangeSet();

  // The whole new state of a key: what is not in `state` is forgotten. The last put or erase of a key wins.
  // After an error the change set is spent: begin another.
  Result<void> put(KeyHash key, const KeyState& state);
  Result<void> erase(KeyHash key);
  // Puts and erases so far, counting each.
  uint64_t size() const;

 private:
  friend Result<void> commit(const Snapshot& old, ChangeSet changes, const ManifestUpdate& update);
  explicit ChangeSet(std::unique_ptr<snapshot::Changes> state);
  std::unique_ptr<snapshot::Changes> state_;
};

// What a commit writes beside the changes; what is not given stays as it is.
struct ManifestUpdate {
  std::optional<std::string> last_run{};
  std::optional<std::string> mappings{};
  std::optional<std::map<std::string, std::string>> extras{};
  // Called once for each key of `old` with an accepted payload that the change set does not touch, in the
  // order of the keys' hashes: the fingerprint to store in its stead. For a changed mapping. Setting it
  // rewrites the whole snapshot.
  std::function<Fingerprint(uint64_t slot, Fingerprint accepted)> refingerprint{};
};

// Makes `old` plus `changes` the snapshot of the directory, durably and in one step: after a crash at any
// point the next open finds the old one or the new one. Costs in proportion to the changes (now and then a
// merge, amortised). `old` must be what the directory holds now, and stays readable. After an error of kind
// `disk` either state may be on disk: open again before the next commit.
Result<void> commit(const Snapshot& old, ChangeSet changes, const ManifestUpdate& update);

}  // namespace penstock
