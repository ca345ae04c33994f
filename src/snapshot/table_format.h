// The bytes of a table file (docs/formats.md, "Snapshot tables"): what its reader and its writer share.
// Private to this folder.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/key.h"
#include "base/result.h"
#include "snapshot/key_state.h"

namespace penstock::snapshot {

// An entry's place in the table. hi == 0 marks an empty one. `stored` is the accepted fingerprint itself if
// the entry is accepted and nothing more, else its complement: a probe that finds its row's fingerprint here
// knows that the row is unchanged without looking at the flags.
struct Slot {
  uint64_t hi = 0;
  uint64_t lo = 0;
  uint64_t stored = 0;
  KeyHash key() const { return {hi, lo}; }
};
static_assert(sizeof(Slot) == 24);

inline constexpr uint8_t kAccepted = 1, kGone = 2, kForeign = 4, kWaiting = 8, kTombstone = 128;

inline uint64_t to_stored(uint8_t flags, Fingerprint accepted) {
  return flags == kAccepted ? accepted : ~accepted;
}
inline Fingerprint from_stored(uint8_t flags, uint64_t stored) {
  return to_stored(flags, stored);
}
// An entry that is not accepted stores this.
inline constexpr Fingerprint kNothingAccepted = 0;

// Where an entry's record of texts is, and its flags, in 64 bits: offset and size in units of 8 bytes.
class Ref {
 public:
  Ref() = default;
  explicit Ref(uint64_t bits) : bits_(bits) {}
  Ref(uint64_t offset_bytes, uint64_t size_bytes, uint8_t flags)
      : bits_(offset_bytes / 8 << 28 | size_bytes / 8 << 8 | flags) {}
  uint64_t bits() const { return bits_; }
  uint64_t offset_bytes() const { return (bits_ >> 28) * 8; }
  uint64_t size_bytes() const { return (bits_ >> 8 & 0xFFFFF) * 8; }
  bool empty() const { return size_bytes() == 0; }
  uint8_t flags() const { return static_cast<uint8_t>(bits_); }
  Ref with_flags(uint8_t flags) const { return Ref((bits_ & ~uint64_t{0xFF}) | flags); }

  static constexpr uint64_t kOffsetMax = ((uint64_t{1} << 36) - 1) * 8;  // 512 GB of texts in a table
  static constexpr uint64_t kSizeMax = ((uint64_t{1} << 20) - 1) * 8;    // 8 MB of texts for a key

 private:
  uint64_t bits_ = 0;
};

// One entry on its way from table to table.
struct Entry {
  KeyHash key;
  uint64_t stored = 0;
  Ref ref;  // with flags
};
static_assert(sizeof(Entry) == 32);

// Small arrays that are read here and there, never as a whole, are sealed in blocks of 512 bytes: 63 words
// and a checksum over them and the block's number, checked whenever the block is read.
inline constexpr uint64_t kBlockBytes = 512, kBlockWords = 63, kBlockFlags = 504;
uint64_t block_checksum(const std::byte* block, uint64_t number);

// Slots are checked as a whole, in chunks that threads share out.
inline constexpr uint64_t kChunkSlots = 1 << 16;
uint64_t chunk_checksum(const std::byte* chunk, uint64_t size_bytes, uint64_t number);

// A record of texts: checksum over the key and the encoded details, the details, zeros up to a multiple of 8.
std::string encode_record(KeyHash key, const Details& details);
// The size of such a record is a multiple of 8 and at least 16.
bool record_intact(KeyHash key, std::string_view record);
// Nothing when it is damaged.
std::optional<Details> decode_record(KeyHash key, std::string_view record);

inline constexpr std::string_view kTableMagic = "PENSNAP\n";
inline constexpr uint32_t kTableVersion = 1;
inline constexpr uint64_t kPreambleBytes = 16, kFooterBytes = 88, kPageBytes = 4096;
std::string preamble();

// What the end of the file says; everything else about the layout follows from it.
struct Footer {
  uint64_t entries = 0;  // tombstones included
  uint64_t tombstones = 0;
  uint64_t detailed = 0;    // entries with texts
  uint64_t slot_count = 0;  // with the empty ones at the end
  uint64_t records_end = kPreambleBytes;
  uint64_t sums_checksum = 0;  // over the chunk checksums
};

// ceil(entries / 0.8), a few at least.
inline uint64_t capacity_for(uint64_t entries) {
  const uint64_t capacity = entries + entries / 4 + (entries % 4 != 0);
  return capacity < 8 ? 8 : capacity;
}
// So many empty slots end the table: a probe looks at that many slots at once.
inline constexpr uint64_t kEmptyTail = 4;
// Where a key is looked for first. Grows with hi, so that slots in order are keys in order.
inline uint64_t position_of(uint64_t hi, uint64_t capacity) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(hi) * capacity) >> 64);
}

// Sections in the order of the file.
struct Layout {
  uint64_t slots_at, flags_at, refs_at, sums_at, footer_at, size_bytes;
};
Layout layout_of(const Footer& footer);
uint64_t chunk_count(uint64_t slot_count);

std::string encode_footer(const Footer& footer);
// The last 8 bytes of an encoded footer: its checksum, by which a manifest knows the table.
uint64_t footer_checksum(std::string_view footer);
// Of a file of `size_bytes` that ends with these bytes. The error's message completes "PATH ...".
Result<Footer> decode_footer(std::string_view bytes, uint64_t size_bytes);

std::string table_name(uint64_t number);
// Nothing when it is not the name of a table.
std::optional<uint64_t> table_number(std::string_view name);

inline constexpr std::string_view kChangesName = "changes.tmp";
inline constexpr std::string_view kManifestName = "manifest";

Error damaged(const std::string& path, std::string_view what);

}  // namespace penstock::snapshot
