#include "snapshot/table.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <system_error>
#include <thread>

namespace penstock::snapshot {
namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Smaller tables are checked sooner than a thread starts.
constexpr uint64_t kChunksForTwoThreads = 16;

}  // namespace

Table::Table(std::string path, std::unique_ptr<MappedFile> file, const Footer& footer)
    : path_(std::move(path)),
      file_(std::move(file)),
      footer_(footer),
      layout_(layout_of(footer)),
      capacity_(capacity_for(footer.entries)),
      slots_(reinterpret_cast<const Slot*>(file_->bytes().data() + layout_.slots_at)),
      slots_end_(slots_ + footer.slot_count) {}

Result<std::unique_ptr<Table>> Table::open(Disk& disk, const std::string& path, const TableRef* expected) {
  auto file = disk.map(path);
  if (!file.ok()) return file.error();
  const std::string_view bytes = as_text((*file)->bytes());
  if (bytes.size() < kPreambleBytes + kFooterBytes) return damaged(path, "is cut off");
  if (expected && expected->size_bytes != bytes.size())
    return damaged(path, fmt::format("has {} bytes instead of {}", bytes.size(), expected->size_bytes));
  const std::string_view footer_bytes = bytes.substr(bytes.size() - kFooterBytes);
  auto footer = decode_footer(footer_bytes, bytes.size());
  if (!footer.ok()) return damaged(path, footer.error().message);
  if (!bytes.starts_with(preamble())) return damaged(path, "has a damaged beginning");
  if (expected &&
      (expected->checksum != footer_checksum(footer_bytes) || expected->entries != footer->entries))
    return damaged(path, "is not the table that the manifest speaks of");
  return std::unique_ptr<Table>(new Table(path, std::move(file).value(), *footer));
}

uint64_t Table::find_among_equal_hi(const Slot* at, KeyHash key) const {
  while (at != slots_end_ && at->hi == key.hi && at->lo < key.lo) ++at;
  return at != slots_end_ && at->key() == key ? static_cast<uint64_t>(at - slots_) : kNoSlot;
}

Result<void> Table::verify_chunks(uint64_t first, uint64_t step) const {
  const std::byte* bytes = file_->bytes().data();
  for (uint64_t chunk = first; chunk < chunk_count(footer_.slot_count); chunk += step) {
    const uint64_t begin = chunk * kChunkSlots;
    const uint64_t end = std::min(begin + kChunkSlots, footer_.slot_count);
    const std::byte* at = bytes + layout_.slots_at + begin * sizeof(Slot);
    uint64_t expected = 0;
    std::memcpy(&expected, bytes + layout_.sums_at + chunk * 8, 8);
    if (chunk_checksum(at, (end - begin) * sizeof(Slot), chunk) != expected)
      return damaged(path_, fmt::format("is damaged near byte {}", layout_.slots_at + begin * sizeof(Slot)));
  }
  return success();
}

Result<void> Table::verify_on_two_threads() const {
  Result<void> odd;
  std::jthread other;
  try {
    other = std::jthread([&] { odd = verify_chunks(1, 2); });
  } catch (const std::system_error&) {
    odd = verify_chunks(1, 2);  // the system has no thread to give
  }
  auto even = verify_chunks(0, 2);
  if (other.joinable()) other.join();
  return even.ok() ? odd : even;
}

Result<void> Table::verify() const {
  if (verified_.load(std::memory_order_acquire)) return success();
  const uint64_t chunks = chunk_count(footer_.slot_count);
  const auto sums = file_->bytes().subspan(layout_.sums_at, chunks * 8);
  if (XXH3_64bits(sums.data(), sums.size()) != footer_.sums_checksum)
    return damaged(path_, fmt::format("is damaged near byte {}", layout_.sums_at));
  auto checked = chunks < kChunksForTwoThreads ? verify_chunks(0, 1) : verify_on_two_threads();
  if (!checked.ok()) return checked;
  verified_.store(true, std::memory_order_release);
  return success();
}

Result<const std::byte*> Table::sealed_block(uint64_t section_at, uint64_t block) const {
  const uint64_t at = section_at + block * kBlockBytes;
  const std::byte* bytes = file_->bytes().data() + at;
  uint64_t expected = 0;
  std::memcpy(&expected, bytes + kBlockBytes - 8, 8);
  // The section's place is part of the seal: a block of flags never passes for one of references.
  if (block_checksum(bytes, at / kBlockBytes) != expected)
    return damaged(path_, fmt::format("is damaged near byte {}", at));
  return bytes;
}

Result<const uint8_t*> Table::flags_block(uint64_t block) const {
  auto bytes = sealed_block(layout_.flags_at, block);
  if (!bytes.ok()) return bytes.error();
  return reinterpret_cast<const uint8_t*>(*bytes);
}

Result<uint8_t> Table::flags(uint64_t slot) const {
  auto block = flags_block(slot / kBlockFlags);
  if (!block.ok()) return block.error();
  return (*block)[slot % kBlockFlags];
}

Result<const uint64_t*> Table::refs_block(uint64_t block) const {
  auto bytes = sealed_block(layout_.refs_at, block);
  if (!bytes.ok()) return bytes.error();
  return reinterpret_cast<const uint64_t*>(*bytes);
}

Result<Ref> Table::ref(uint64_t slot) const {
  if (footer_.detailed == 0) return Ref();
  auto block = refs_block(slot / kBlockWords);
  if (!block.ok()) return block.error();
  return Ref((*block)[slot % kBlockWords]);
}

Result<std::string_view> Table::record(Ref ref) const {
  const uint64_t at = ref.offset_bytes(), size = ref.size_bytes();
  if (size == 0) return std::string_view();
  if (at < kPreambleBytes || at + size > footer_.records_end)
    return damaged(path_, "leads outside of its records");
  return as_text(file_->bytes()).substr(at, size);
}

Result<Details> Table::details(uint64_t slot) const {
  auto found = ref(slot);
  if (!found.ok()) return found.error();
  auto bytes = record(*found);
  if (!bytes.ok()) return bytes.error();
  if (bytes->empty()) return Details();
  auto details = decode_record(this->slot(slot).key(), *bytes);
  if (!details) return damaged(path_, fmt::format("is damaged near byte {}", found->offset_bytes()));
  return *std::move(details);
}

}  // namespace penstock::snapshot
