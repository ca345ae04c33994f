#include "snapshot/snapshot.h"

#include <algorithm>

#include "snapshot/table_format.h"
#include "snapshot/tables.h"
#include "snapshot/visit.h"

namespace penstock {
namespace {

using namespace snapshot;

constexpr int kOpenAttempts = 5;

Result<std::vector<std::unique_ptr<Table>>> open_tables(Disk& disk, const std::string& directory,
                                                        const Manifest& manifest) {
  std::vector<std::unique_ptr<Table>> tables;
  for (const TableRef& ref : manifest.tables) {
    const std::string path = join_path(directory, table_name(ref.number));
    auto there = disk.exists(path);
    if (!there.ok()) return there.error();
    if (!*there) return damaged(path, "is missing");
    auto table = Table::open(disk, path, &ref);
    if (!table.ok()) return table.error();
    tables.push_back(std::move(table).value());
  }
  return tables;
}

}  // namespace

Snapshot::Snapshot(std::unique_ptr<State> state) : state_(std::move(state)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

Result<Snapshot> Snapshot::open(Disk& disk, std::string directory, Verify verify) {
  for (int attempt = 1;; ++attempt) {
    auto manifest = read_manifest(disk, directory);
    if (!manifest.ok()) return manifest.error();
    auto tables = open_tables(disk, directory, *manifest);
    if (tables.ok()) {
      auto state = std::make_unique<State>(disk, std::move(directory), std::move(manifest).value(),
                                           std::move(tables).value());
      if (verify == Verify::everything)
        if (auto verified = state->verify(); !verified.ok()) return verified.error();
      return Snapshot(std::move(state));
    }
    // A commit of another process may have removed the tables of the manifest that was just read.
    auto now = read_manifest(disk, directory);
    if (!now.ok() || now->generation == manifest->generation || attempt == kOpenAttempts)
      return tables.error();
  }
}

Manifest Snapshot::manifest() const&& {
  return state_->manifest;
}
const Manifest& Snapshot::manifest() const& {
  return state_->manifest;
}
uint64_t Snapshot::slot_count() const {
  return state_->slot_count();
}

SeenBits Snapshot::marks() const {
  return state_->tables.empty() ? SeenBits(0) : SeenBits(slot_count(), state_->tables[0]->empty_slots());
}

Result<void> Snapshot::probe(std::span<const KeyHash> keys, std::span<const Fingerprint> fingerprints,
                             std::span<Probe> probes) const {
  check(keys.size() == fingerprints.size() && keys.size() == probes.size(), "probe: spans of one size");
  if (state_->tables.empty()) {
    std::fill(probes.begin(), probes.end(), Probe());
    return success();
  }
  for (size_t done = 0; done < keys.size();) {
    const size_t size = std::min(State::kBatch, keys.size() - done);
    auto probed =
        state_->probe(keys.subspan(done, size), fingerprints.subspan(done, size), probes.subspan(done, size));
    if (!probed.ok()) return probed;
    done += size;
  }
  return success();
}

Result<std::optional<Found>> Snapshot::find(KeyHash key) const {
  const State::Place place = state_->locate(key);
  if (place.index == kNoSlot) return std::optional<Found>();
  return state_->found(place);
}

Result<Found> Snapshot::at(uint64_t slot) const {
  const State::Place place = state_->place_of(slot);
  auto found = state_->found(place);
  if (!found.ok()) return found.error();
  if (!found->has_value()) return damaged(state_->tables[place.table]->path(), "has no key where it had one");
  return **found;
}

void Snapshot::prefetch_details(uint64_t slot) const {
  const State::Place place = state_->place_of(slot);
  state_->tables[place.table]->prefetch_ref(place.index);
}

Result<Details> Snapshot::details(uint64_t slot) const {
  const State::Place place = state_->place_of(slot);
  return state_->tables[place.table]->details(place.index);
}

void Snapshot::release_details() const {
  for (const auto& table : state_->tables) table->release_details();
}

Result<void> Snapshot::for_each(const Visitor& visit) const {
  return visit_keys(*state_, {}, visit);
}

Result<void> Snapshot::for_each_unseen(const SeenBits& seen, const Visitor& visit) const {
  check(seen.slot_count() == slot_count(), "the marks of another snapshot");
  return visit_keys(*state_, {.unseen = &seen}, visit);
}

Result<void> Snapshot::for_each_waiting(const Visitor& visit) const {
  return visit_keys(*state_, {.waiting_only = true}, visit);
}

}  // namespace penstock
