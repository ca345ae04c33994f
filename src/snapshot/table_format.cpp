#include "snapshot/table_format.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <bit>
#include <charconv>

namespace penstock::snapshot {
namespace {

static_assert(std::endian::native == std::endian::little, "the stored formats are little-endian");

constexpr std::string_view kFooterMagic = "PENSNAPF";
// Sets the checksums of the parts of a file apart, so that one part never passes for another.
constexpr uint64_t kBlockSeed = 0x426C6F636B000000, kChunkSeed = 0x4368756E6B000000;
constexpr uint64_t kEntriesMax = uint64_t{1} << 40;

uint64_t align_up(uint64_t value, uint64_t to) {
  return (value + to - 1) / to * to;
}
uint64_t blocks_bytes(uint64_t items, uint64_t items_per_block) {
  return (items + items_per_block - 1) / items_per_block * kBlockBytes;
}

template <class T>
T load(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <class T>
void append_value(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

uint64_t block_checksum(const std::byte* block, uint64_t number) {
  return XXH3_64bits_withSeed(block, kBlockBytes - 8, kBlockSeed + number);
}

uint64_t chunk_checksum(const std::byte* chunk, uint64_t size_bytes, uint64_t number) {
  return XXH3_64bits_withSeed(chunk, size_bytes, kChunkSeed + number);
}

std::string preamble() {
  std::string out(kTableMagic);
  append_value(out, kTableVersion);
  append_value(out, uint32_t{0});
  return out;
}

uint64_t chunk_count(uint64_t slot_count) {
  return (slot_count + kChunkSlots - 1) / kChunkSlots;
}

Layout layout_of(const Footer& footer) {
  Layout layout{};
  layout.slots_at = align_up(footer.records_end, kPageBytes);
  layout.flags_at = align_up(layout.slots_at + footer.slot_count * sizeof(Slot), kPageBytes);
  layout.refs_at = layout.flags_at + blocks_bytes(footer.slot_count, kBlockFlags);
  layout.sums_at = layout.refs_at + (footer.detailed > 0 ? blocks_bytes(footer.slot_count, kBlockWords) : 0);
  layout.footer_at = layout.sums_at + chunk_count(footer.slot_count) * 8;
  layout.size_bytes = layout.footer_at + kFooterBytes;
  return layout;
}

std::string encode_footer(const Footer& footer) {
  std::string out(kFooterMagic);
  append_value(out, uint64_t{kTableVersion});
  for (const uint64_t value : {footer.entries, footer.tombstones, footer.detailed, footer.slot_count,
                               footer.records_end, footer.sums_checksum, uint64_t{0}, uint64_t{0}})
    append_value(out, value);
  append_value(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

uint64_t footer_checksum(std::string_view footer) {
  return load<uint64_t>(footer, kFooterBytes - 8);
}

Result<Footer> decode_footer(std::string_view bytes, uint64_t size_bytes) {
  const auto refuse = [](std::string text) { return Error{ErrorKind::disk, std::move(text), ""}; };
  if (bytes.size() != kFooterBytes) return refuse("is cut off");
  if (XXH3_64bits(bytes.data(), kFooterBytes - 8) != footer_checksum(bytes) ||
      bytes.substr(0, 8) != kFooterMagic)
    return refuse("is cut off or has a damaged footer");
  if (load<uint64_t>(bytes, 8) != kTableVersion)
    return refuse(fmt::format("has format version {}; this penstock reads version {}",
                              load<uint64_t>(bytes, 8), kTableVersion));
  Footer footer;
  std::array<uint64_t*, 6> fields{&footer.entries,    &footer.tombstones,  &footer.detailed,
                                  &footer.slot_count, &footer.records_end, &footer.sums_checksum};
  for (size_t i = 0; i < fields.size(); ++i) *fields[i] = load<uint64_t>(bytes, 16 + 8 * i);
  // With these bounds no sum of the layout overflows, and every section lies within the file.
  const bool sane = footer.entries <= kEntriesMax && footer.tombstones <= footer.entries &&
                    footer.detailed <= footer.entries &&
                    footer.slot_count >= capacity_for(footer.entries) + kEmptyTail &&
                    footer.slot_count <= capacity_for(footer.entries) + footer.entries + kEmptyTail &&
                    footer.records_end >= kPreambleBytes && footer.records_end <= size_bytes;
  if (!sane || layout_of(footer).size_bytes != size_bytes) return refuse("is not as long as its footer says");
  return footer;
}

std::string table_name(uint64_t number) {
  return fmt::format("table-{}.snap", number);
}

std::optional<uint64_t> table_number(std::string_view name) {
  constexpr std::string_view kPrefix = "table-", kSuffix = ".snap";
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  if (name.size() <= kPrefix.size() + kSuffix.size()) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  uint64_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (code != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

Error damaged(const std::string& path, std::string_view what) {
  return {
      ErrorKind::disk, fmt::format("the snapshot file {} {}", path, what),
      "restore its directory from a backup; or remove the directory and run `penstock run SYNC --baseline` "
      "(takes the model as already sent) or `penstock run SYNC --full` (sends every row again)"};
}

}  // namespace penstock::snapshot
