#include "snapshot/new_keys.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "base/result.h"

namespace penstock {
namespace {

// Few enough that a batch brings several keys to each, which hides the memory's latency and shares the cost
// of the lock; enough that threads rarely meet and that growing moves but a small part at a time.
constexpr int kPartitionBits = 7;
constexpr size_t kPartitions = size_t{1} << kPartitionBits;
constexpr size_t kBatch = 2048;

// A quarter is always free, growth is by a third: at most 16 * (4/3) / (4/5) = 26.7 bytes a key.
constexpr uint64_t kCapacityMin = 60;
constexpr uint64_t grown(uint64_t capacity) {
  return capacity + capacity / 3;
}
constexpr uint64_t limit_of(uint64_t capacity) {
  return capacity / 5 * 4;
}

// From here on a table's memory comes straight from the system and goes back to it: what a growing table
// gives up leaves no holes, and great pages spare the processor most of its walks through the page table.
constexpr uint64_t kMapBytesMin = 1 << 20;

void* allocate_zeros(uint64_t bytes) {
  if (bytes < kMapBytesMin) return std::calloc(1, bytes);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  ::madvise(memory, bytes, MADV_HUGEPAGE);        // both are advice:
  ::madvise(memory, bytes, MADV_POPULATE_WRITE);  // all pages at once cost less than one after the other
  return memory;
}

void deallocate(void* memory, uint64_t bytes) {
  if (bytes < kMapBytesMin)
    std::free(memory);
  else
    ::munmap(memory, bytes);
}

// Keys, all zero at first.
class Cells {
 public:
  Cells() = default;
  explicit Cells(uint64_t count)
      : keys_(static_cast<KeyHash*>(allocate_zeros(count * sizeof(KeyHash)))), count_(count) {
    check(keys_ != nullptr, "out of memory for the set of new keys");
  }
  Cells(Cells&& other) noexcept
      : keys_(std::exchange(other.keys_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  Cells& operator=(Cells&& other) noexcept {
    std::swap(keys_, other.keys_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Cells() {
    if (keys_) deallocate(keys_, bytes());
  }

  KeyHash& operator[](uint64_t index) { return keys_[index]; }
  uint64_t count() const { return count_; }
  uint64_t bytes() const { return count_ * sizeof(KeyHash); }

 private:
  KeyHash* keys_ = nullptr;
  uint64_t count_ = 0;
};

size_t partition_of(KeyHash key) {
  return key.hi >> (64 - kPartitionBits);
}

}  // namespace

// Open addressing with linear probing; hi == 0 marks an empty cell.
struct alignas(64) NewKeys::Partition {
  std::mutex lock;
  Cells cells;
  uint64_t size = 0;

  // The partition's own bits are the same for all its keys: they say nothing about the place.
  uint64_t position_of(KeyHash key) const {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(key.hi << kPartitionBits) * cells.count()) >>
                                 64);
  }
  void prefetch(KeyHash key) {
    if (cells.count() == 0) return;
    const KeyHash* at = &cells[position_of(key)];
    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + 4, 1);
  }
  // The cell of the key, or the empty one where it belongs.
  uint64_t place_of(KeyHash key) {
    uint64_t at = position_of(key);
    while (cells[at].hi != 0 && cells[at] != key)
      if (++at == cells.count()) at = 0;
    return at;
  }
  void grow(uint64_t capacity) {
    Cells old = std::exchange(cells, Cells(capacity));
    for (uint64_t i = 0; i < old.count(); ++i)
      if (old[i].hi != 0) cells[place_of(old[i])] = old[i];
  }
  bool insert(KeyHash key, size_t number) {
    if (cells.count() == 0) grow(kCapacityMin + kCapacityMin * number / kPartitions / 3);
    uint64_t at = place_of(key);
    if (cells[at].hi != 0) return false;
    if (size >= limit_of(cells.count())) {
      grow(grown(cells.count()));
      at = place_of(key);
    }
    cells[at] = key;
    ++size;
    return true;
  }
};

NewKeys::NewKeys() : partitions_(std::make_unique<Partition[]>(kPartitions)) {}
NewKeys::~NewKeys() = default;
NewKeys::NewKeys(NewKeys&&) noexcept = default;
NewKeys& NewKeys::operator=(NewKeys&&) noexcept = default;

bool NewKeys::insert(KeyHash key) {
  check(key.hi != 0, "a key's hash is never 0");
  const size_t number = partition_of(key);
  Partition& partition = partitions_[number];
  const std::lock_guard held(partition.lock);
  return partition.insert(key, number);
}

void NewKeys::insert(std::span<const KeyHash> keys, std::span<uint8_t> is_new) {
  check(keys.size() == is_new.size(), "insert: spans of one size");
  for (; keys.size() > kBatch; keys = keys.subspan(kBatch), is_new = is_new.subspan(kBatch))
    insert(keys.first(kBatch), is_new.first(kBatch));
  // The keys' indexes, sorted by partition: `ends` counts them, then moves from begins to ends.
  std::array<uint16_t, kPartitions + 1> ends{};
  std::array<uint16_t, kBatch> order;
  for (const KeyHash key : keys) ++ends[partition_of(key) + 1];
  for (size_t i = 1; i <= kPartitions; ++i) ends[i] = static_cast<uint16_t>(ends[i] + ends[i - 1]);
  for (size_t i = 0; i < keys.size(); ++i) order[ends[partition_of(keys[i])]++] = static_cast<uint16_t>(i);
  for (size_t number = 0, begin = 0; number < kPartitions; begin = ends[number++]) {
    const auto group = std::span(order).subspan(begin, ends[number] - begin);
    if (group.empty()) continue;
    Partition& partition = partitions_[number];
    const std::lock_guard held(partition.lock);
    for (const uint16_t i : group) partition.prefetch(keys[i]);
    for (const uint16_t i : group) {
      check(keys[i].hi != 0, "a key's hash is never 0");
      is_new[i] = partition.insert(keys[i], number) ? 1 : 0;
    }
  }
}

uint64_t NewKeys::size() const {
  uint64_t total = 0;
  for (size_t i = 0; i < kPartitions; ++i) total += partitions_[i].size;
  return total;
}

uint64_t NewKeys::memory_bytes() const {
  uint64_t total = kPartitions * sizeof(Partition);
  for (size_t i = 0; i < kPartitions; ++i) total += partitions_[i].cells.bytes();
  return total;
}

}  // namespace penstock
