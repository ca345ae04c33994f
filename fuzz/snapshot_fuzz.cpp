// Hostile bytes in the files of a snapshot. The first byte of the input says what the rest is:
//   0  a manifest              1  a manifest that lacks its checksum, which is put right
//   2  edits of a table: each an offset (2 bytes) and the byte to put there; refused, or it reads as before
//   3  the same, and then every checksum is put right: whatever it says, nothing outside the file is touched
#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <cstring>
#include <map>

#include "base/memory_disk.h"
#include "snapshot/snapshot.h"
#include "snapshot/table_format.h"

namespace penstock {
namespace {

using namespace snapshot;
using Contents = std::map<KeyHash, KeyState>;

constexpr const char* kSync = "sync";
const std::string kTablePath = "sync/table-1.snap";

KeyHash key_of(uint64_t i) {
  return {i * 0x9E3779B97F4A7C15 | 1, i};
}

template <class T>
T must(Result<T> result) {
  check(result.ok(), result.ok() ? "" : result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

// A small table with everything that a table can hold but tombstones, which a first table has none of.
std::string template_table() {
  MemoryDisk disk;
  const Snapshot empty = must(Snapshot::open(disk, kSync, Verify::headers));
  ChangeSet changes = must(ChangeSet::begin(disk, kSync));
  for (uint64_t i = 1; i < 40; ++i) {
    KeyState state{.accepted = i, .gone = i % 5 == 0, .foreign = i % 7 == 0};
    if (i % 2 == 0) state.details = Details{.key = std::to_string(i), .record_id = "r", .match = {"m"}};
    if (i % 4 == 0) state.details->waiting = Waiting{.fingerprint = i, .code = "CODE", .message = "message"};
    must(changes.put(key_of(i), state));
  }
  must(commit(empty, std::move(changes), {}));
  return must(disk.read(kTablePath));
}

void put_word(std::string& bytes, uint64_t at, uint64_t word) {
  std::memcpy(bytes.data() + at, &word, 8);
}

void seal_footer(std::string& bytes) {
  const uint64_t footer_at = bytes.size() - kFooterBytes;
  put_word(bytes, bytes.size() - 8, XXH3_64bits(bytes.data() + footer_at, kFooterBytes - 8));
}

// Puts right the checksums of a table whose footer makes sense.
void seal_table(std::string& bytes) {
  seal_footer(bytes);
  auto footer = decode_footer(std::string_view(bytes).substr(bytes.size() - kFooterBytes), bytes.size());
  if (!footer.ok()) return;
  const Layout layout = layout_of(*footer);
  const auto* data = reinterpret_cast<const std::byte*>(bytes.data());
  for (uint64_t at = layout.flags_at; at < layout.sums_at; at += kBlockBytes)
    put_word(bytes, at + kBlockBytes - 8, block_checksum(data + at, at / kBlockBytes));
  for (uint64_t chunk = 0, begin = 0; begin < footer->slot_count; ++chunk, begin += kChunkSlots) {
    const uint64_t size = std::min(kChunkSlots, footer->slot_count - begin) * sizeof(Slot);
    const uint64_t sum = chunk_checksum(data + layout.slots_at + begin * sizeof(Slot), size, chunk);
    put_word(bytes, layout.sums_at + chunk * 8, sum);
  }
  const uint64_t sums_bytes = layout.footer_at - layout.sums_at;
  put_word(bytes, layout.footer_at + 56, XXH3_64bits(bytes.data() + layout.sums_at, sums_bytes));
  seal_footer(bytes);
}

// Asks everything that can be asked.
Result<Contents> read_all(const Snapshot& snapshot) {
  Contents contents;
  const auto collect = [&](const Found& found) -> Result<void> {
    auto details = snapshot.details(found.slot);
    if (!details.ok()) return details.error();
    KeyState& state = contents[found.key];
    state = {.accepted = found.accepted, .gone = found.gone, .foreign = found.foreign};
    if (*details != Details()) state.details = std::move(details).value();
    return success();
  };
  if (auto visited = snapshot.for_each(collect); !visited.ok()) return visited.error();
  if (auto visited = snapshot.for_each_waiting(collect); !visited.ok()) return visited.error();
  for (uint64_t i = 0; i < 50; ++i) {
    const KeyHash key = i < 45 ? key_of(i) : KeyHash{~uint64_t{0} - i + 45, i};
    const Fingerprint fingerprint = i;
    Probe probe;
    if (auto probed = snapshot.probe({&key, 1}, {&fingerprint, 1}, {&probe, 1}); !probed.ok())
      return probed.error();
    if (auto found = snapshot.find(key); !found.ok()) return found.error();
  }
  return contents;
}

// A disk with a snapshot whose only table these bytes are.
void put_table(MemoryDisk& disk, const std::string& bytes) {
  Manifest manifest{.generation = 1, .tables = {{.number = 1, .size_bytes = bytes.size()}}};
  if (bytes.size() >= kFooterBytes) {
    const std::string_view footer_bytes = std::string_view(bytes).substr(bytes.size() - kFooterBytes);
    manifest.tables[0].checksum = footer_checksum(footer_bytes);
    if (auto footer = decode_footer(footer_bytes, bytes.size()); footer.ok())
      manifest.tables[0].entries = footer->entries;
  }
  must(disk.make_directories(kSync));
  must(disk.replace(kTablePath, bytes));
  must(disk.replace("sync/manifest", manifest_text(manifest)));
}

void try_table(std::string_view edits, bool sealed) {
  static const std::string original = template_table();
  static const Contents expected = [] {
    MemoryDisk disk;
    put_table(disk, original);
    return must(read_all(must(Snapshot::open(disk, kSync, Verify::everything))));
  }();
  std::string bytes = original;
  for (; edits.size() >= 3; edits.remove_prefix(3)) {
    const auto at = static_cast<uint8_t>(edits[0]) | static_cast<uint8_t>(edits[1]) << 8;
    bytes[static_cast<size_t>(at) % bytes.size()] = edits[2];
  }
  if (sealed) seal_table(bytes);
  MemoryDisk disk;
  put_table(disk, bytes);
  for (const Verify verify : {Verify::headers, Verify::everything}) {
    const auto snapshot = Snapshot::open(disk, kSync, verify);
    if (!snapshot.ok()) continue;
    const auto contents = read_all(*snapshot);
    if (contents.ok() && !sealed && verify == Verify::everything)
      check(*contents == expected, "damage went unnoticed");
    ChangeSet changes = must(ChangeSet::begin(disk, kSync));
    must(changes.put(key_of(3), {.accepted = 1}));
    const ManifestUpdate rewrite{.refingerprint = [](uint64_t, Fingerprint accepted) { return accepted; }};
    if (!commit(*snapshot, std::move(changes), rewrite).ok()) continue;
    return;  // the table is another one now
  }
}

void try_manifest(std::string text, bool sealed) {
  if (sealed) text += fmt::format("\nxxh3:{:016x}\n", XXH3_64bits((text + "\n").data(), text.size() + 1));
  const auto manifest = parse_manifest(text, "manifest");
  if (!manifest.ok()) return;
  check(must(parse_manifest(manifest_text(*manifest), "again")) == *manifest,
        "a manifest changes when written");
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      penstock::try_manifest(std::string(rest), false);
      break;
    case 1:
      penstock::try_manifest(std::string(rest), true);
      break;
    case 2:
      penstock::try_table(rest, false);
      break;
    default:
      penstock::try_table(rest, true);
      break;
  }
  return 0;
}
