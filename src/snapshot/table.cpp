#include "snapshot/table.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include "base/releasable.h"

namespace penstock::snapshot {
namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Smaller tables are checked sooner than a thread starts.
constexpr uint64_t kChunksForTwoThreads = 16;

// Up to this size texts and the references to them are read where they are mapped: all of a table of some 3
// million keys, the references of 25 million. What is larger is read piece by piece: a call of the system
// for each, but no memory.
constexpr uint64_t kMappedBytesMax = 256 << 20;

// Sets the bits of the slots that are empty; `bits` are all 0.
void note_empty(std::span<const Slot> slots, uint64_t* bits) {
  for (size_t i = 0; i < slots.size(); ++i) bits[i / 64] |= uint64_t{slots[i].hi == 0} << (i % 64);
}

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

Result<void> Table::verify_chunks(uint64_t first, uint64_t step, Loaded loaded) const {
  const std::span<const std::byte> bytes = file_->bytes();
  for (uint64_t chunk = first; chunk < chunk_count(footer_.slot_count); chunk += step) {
    const uint64_t begin = chunk * kChunkSlots;
    const uint64_t end = std::min(begin + kChunkSlots, footer_.slot_count);
    const auto in_file = bytes.subspan(layout_.slots_at + begin * sizeof(Slot), (end - begin) * sizeof(Slot));
    const std::byte* at = in_file.data();
    if (loaded.slots != nullptr) {
      at = static_cast<std::byte*>(std::memcpy(loaded.slots + begin * sizeof(Slot), at, in_file.size()));
      release(in_file);
    }
    if (loaded.empty != nullptr)
      note_empty({reinterpret_cast<const Slot*>(at), end - begin}, loaded.empty + begin / 64);
    uint64_t expected = 0;
    std::memcpy(&expected, bytes.data() + layout_.sums_at + chunk * 8, 8);
    if (chunk_checksum(at, in_file.size(), chunk) != expected)
      return damaged(path_, fmt::format("is damaged near byte {}", layout_.slots_at + begin * sizeof(Slot)));
  }
  return success();
}

// By two threads when there are many.
Result<void> Table::verify_all_chunks(Loaded loaded) const {
  if (chunk_count(footer_.slot_count) < kChunksForTwoThreads) return verify_chunks(0, 1, loaded);
  Result<void> odd;
  std::jthread other;
  try {
    other = std::jthread([&] { odd = verify_chunks(1, 2, loaded); });
  } catch (const std::system_error&) {
    odd = verify_chunks(1, 2, loaded);  // the system has no thread to give
  }
  auto even = verify_chunks(0, 2, loaded);
  if (other.joinable()) other.join();
  return even.ok() ? odd : even;
}

Result<void> Table::verify_sums() const {
  const auto sums = file_->bytes().subspan(layout_.sums_at, chunk_count(footer_.slot_count) * 8);
  if (XXH3_64bits(sums.data(), sums.size()) != footer_.sums_checksum)
    return damaged(path_, fmt::format("is damaged near byte {}", layout_.sums_at));
  return success();
}

Result<void> Table::verify() const {
  if (verified_.load(std::memory_order_acquire)) return success();
  if (auto checked = verify_sums(); !checked.ok()) return checked;
  if (auto checked = verify_all_chunks({}); !checked.ok()) return checked;
  verified_.store(true, std::memory_order_release);
  return success();
}

// Where the file itself is in huge pages, a copy of it would be no better.
bool Table::is_in_huge_pages() const {
  const auto slots = file_->bytes().subspan(layout_.slots_at, footer_.slot_count * sizeof(Slot));
  const auto* mapping = dynamic_cast<const Preloadable*>(file_.get());
  return mapping != nullptr && mapping->preload(slots) >= slots.size() / 2;
}

Result<void> Table::load() {
  const uint64_t size = footer_.slot_count * sizeof(Slot);
  if (size < HugeMemory::kPageBytes) return verify();
  const bool stays = is_in_huge_pages();
  auto memory = stays ? nullptr : HugeMemory::allocate(size);
  if (auto checked = verify_sums(); !checked.ok()) return checked;
  std::vector<uint64_t> empty((footer_.slot_count + 63) / 64);
  if (auto checked = verify_all_chunks({memory ? memory->data() : nullptr, empty.data()}); !checked.ok())
    return checked;
  empty_ = std::move(empty);
  if (memory) {
    slot_memory_ = std::move(memory);
    slots_ = reinterpret_cast<const Slot*>(slot_memory_->data());
    slots_end_ = slots_ + footer_.slot_count;
  }
  verified_.store(true, std::memory_order_release);
  return success();
}

namespace {

// The section's place is part of the seal: a block of flags never passes for one of references.
bool is_sealed(const std::byte* block, uint64_t at) {
  uint64_t expected = 0;
  std::memcpy(&expected, block + kBlockBytes - 8, 8);
  return block_checksum(block, at / kBlockBytes) == expected;
}

}  // namespace

Result<const std::byte*> Table::sealed_block(uint64_t section_at, uint64_t block) const {
  const uint64_t at = section_at + block * kBlockBytes;
  const std::byte* bytes = file_->bytes().data() + at;
  if (!is_sealed(bytes, at)) return damaged(path_, fmt::format("is damaged near byte {}", at));
  return bytes;
}

// A few bytes from anywhere in the file; borrowed until this thread's next call.
std::span<const std::byte> Table::pick(uint64_t at, uint64_t size) const {
  thread_local std::vector<std::byte> copy;
  if (file_->bytes().size() <= kMappedBytesMax) return file_->bytes().subspan(at, size);
  if (const auto* file = dynamic_cast<const ReadableAt*>(file_.get())) {
    copy.resize(size);
    if (file->read_at(at, copy)) return copy;
  }
  return file_->bytes().subspan(at, size);
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
  const uint64_t at = layout_.refs_at + slot / kBlockWords * kBlockBytes;
  const bool mapped = layout_.sums_at - layout_.refs_at <= kMappedBytesMax;
  const auto block = mapped ? file_->bytes().subspan(at, kBlockBytes) : pick(at, kBlockBytes);
  if (!is_sealed(block.data(), at)) return damaged(path_, fmt::format("is damaged near byte {}", at));
  uint64_t bits = 0;
  std::memcpy(&bits, block.data() + slot % kBlockWords * 8, 8);
  return Ref(bits);
}

void Table::prefetch_ref(uint64_t slot) const {
  if (footer_.detailed == 0) return;
  const std::byte* block = file_->bytes().data() + layout_.refs_at + slot / kBlockWords * kBlockBytes;
  for (uint64_t line = 0; line < kBlockBytes; line += 64) __builtin_prefetch(block + line);
}

Result<std::string_view> Table::record(Ref ref) const {
  const uint64_t at = ref.offset_bytes(), size = ref.size_bytes();
  if (size == 0) return std::string_view();
  if (at < kPreambleBytes || at + size > footer_.records_end)
    return damaged(path_, "leads outside of its records");
  return as_text(file_->bytes()).substr(at, size);
}

void Table::release_details() const {
  release(file_->bytes().first(footer_.records_end));
  release(file_->bytes().subspan(layout_.flags_at, layout_.sums_at - layout_.flags_at));
}

void Table::release(std::span<const std::byte> part) const {
  if (const auto* mapping = dynamic_cast<const Releasable*>(file_.get())) mapping->release(part);
}

Result<Details> Table::details(uint64_t slot) const {
  auto found = ref(slot);
  if (!found.ok()) return found.error();
  const uint64_t at = found->offset_bytes(), size = found->size_bytes();
  if (size == 0) return Details();
  if (at < kPreambleBytes || at + size > footer_.records_end)
    return damaged(path_, "leads outside of its records");
  auto details = decode_record(this->slot(slot).key(), as_text(pick(at, size)));
  if (!details) return damaged(path_, fmt::format("is damaged near byte {}", at));
  return *std::move(details);
}

}  // namespace penstock::snapshot
