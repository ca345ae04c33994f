// Memory for what is read here and there. Private to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace penstock::snapshot {

// Anonymous memory in pages of 2 MB, where the system has such. A probe goes to a place that no earlier one
// was near; with pages of 4 KB the processor must first look up where the page is, which takes longer than
// the probe.
class HugeMemory {
 public:
  static constexpr size_t kPageBytes = 2 << 20;

  // Null when the system would not have as much left over again.
  static std::unique_ptr<HugeMemory> allocate(uint64_t size_bytes);
  HugeMemory(const HugeMemory&) = delete;
  HugeMemory& operator=(const HugeMemory&) = delete;
  ~HugeMemory();
  std::byte* data() const { return data_; }

 private:
  HugeMemory(void* mapping, size_t mapped_bytes);
  void* mapping_;
  size_t mapped_bytes_;
  std::byte* data_;  // within the mapping, where a huge page begins
};

}  // namespace penstock::snapshot
