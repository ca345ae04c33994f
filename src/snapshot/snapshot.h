// For each key of a sync: what the destination last accepted. The face of this folder; the files are
// described in docs/formats.md.
//
//     open a Snapshot -> probe() every row of the model, mark() its slot -> for_each_unseen(): removed keys
//     ChangeSet::begin() -> put() and erase() -> commit(): the next Snapshot
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/disk.h"
#include "base/key.h"
#include "base/result.h"
#include "snapshot/change_set.h"
#include "snapshot/key_state.h"
#include "snapshot/manifest.h"
#include "snapshot/new_keys.h"
#include "snapshot/seen_bits.h"

namespace penstock {

namespace snapshot {
struct State;
}

enum class Verify {
  headers,     // manifest, headers and footers only: opens at once, however large; for commits and status
  everything,  // and every slot, on two threads: for planning
};

enum class Standing : uint8_t {
  absent,  // the snapshot has no state for this key
  same,    // accepted with this very fingerprint, not gone, not waiting: unchanged
  other,   // anything else: at(slot) tells
};

struct Probe {
  uint64_t slot = 0;  // meaningless when absent
  Standing standing = Standing::absent;
};

// A live key, without its texts.
struct Found {
  KeyHash key{};
  uint64_t slot = 0;
  std::optional<Fingerprint> accepted{};  // as in KeyState
  bool gone = false;
  bool foreign = false;
  bool waiting = false;

  // It was accepted, has not been given up already, and is ours: when it leaves the model, it is removed.
  bool removable() const { return accepted && !gone && !foreign; }
};

// Immutable; thread-safe. The tables are memory-mapped: about 30 bytes a key are touched by probes, texts
// and flags only where they are asked for. Damage to a file is an error of kind `disk` that names the file
// and a remedy, found when the part concerned is first read.
class Snapshot {
 public:
  // Empty when there is none in `directory`. `disk` must outlive the snapshot.
  static Result<Snapshot> open(Disk& disk, std::string directory, Verify verify);
  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

  const Manifest& manifest() const&;
  Manifest manifest() const&&;  // of a snapshot that goes at once: a copy
  // Slots are numbered from 0 over all tables; a key's slot is that of its newest entry, so a SeenBits of
  // this size that is marked with the slots that probe() gave knows exactly which keys were seen.
  uint64_t slot_count() const;

  // Marks for all slots, none of a key yet; what is known to be empty is marked, so that nobody visits it.
  SeenBits marks() const;

  // The fast path, made for some thousands of rows at once: for row i, where keys[i] stands compared with
  // fingerprints[i]. All three spans have the same size.
  Result<void> probe(std::span<const KeyHash> keys, std::span<const Fingerprint> fingerprints,
                     std::span<Probe> probes) const;
  Result<std::optional<Found>> find(KeyHash key) const;
  // `slot` came out of probe(), find() or a visit of this snapshot.
  Result<Found> at(uint64_t slot) const;
  // A hint that at() and details() of this slot will be asked for.
  void prefetch_details(uint64_t slot) const;
  // Empty Details when none were put.
  Result<Details> details(uint64_t slot) const;
  // Gives back the memory that at() and details() used; they may be called again.
  void release_details() const;

  // An error that a visitor returns ends the visit and is handed on. Keys come in the order of their hash.
  using Visitor = std::function<Result<void>(const Found&)>;
  Result<void> for_each(const Visitor& visit) const;
  // Every live key whose slot is not marked: those that the model has no longer.
  Result<void> for_each_unseen(const SeenBits& seen, const Visitor& visit) const;
  // Reads flags only: some milliseconds for millions of keys.
  Result<void> for_each_waiting(const Visitor& visit) const;

 private:
  friend Result<void> commit(const Snapshot& old, ChangeSet changes, const ManifestUpdate& update);
  explicit Snapshot(std::unique_ptr<snapshot::State> state);
  std::unique_ptr<snapshot::State> state_;
};

}  // namespace penstock
