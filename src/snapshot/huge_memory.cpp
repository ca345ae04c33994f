#include "snapshot/huge_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace penstock::snapshot {
namespace {

// What can be had without pushing others out; 0 when the system does not say.
uint64_t system_available_bytes() {
  std::ifstream facts("/proc/meminfo");
  for (std::string word; facts >> word;)
    if (uint64_t kilobytes = 0; word == "MemAvailable:" && facts >> kilobytes) return kilobytes * 1024;
  return 0;
}

// What a container is allowed; without one, anything.
uint64_t container_limit_bytes() {
  std::ifstream limit("/sys/fs/cgroup/memory.max");
  uint64_t bytes = 0;
  return limit >> bytes ? bytes : std::numeric_limits<uint64_t>::max();
}

}  // namespace

std::unique_ptr<HugeMemory> HugeMemory::allocate(uint64_t size_bytes) {
  if (size_bytes > std::min(system_available_bytes(), container_limit_bytes()) / 2) return nullptr;
  // One page more, so that a huge page can begin within.
  const size_t mapped = (size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes + kPageBytes;
  void* mapping = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  (void)::madvise(mapping, mapped, MADV_HUGEPAGE);  // a wish: without huge pages it works as well
  return std::unique_ptr<HugeMemory>(new HugeMemory(mapping, mapped));
}

HugeMemory::HugeMemory(void* mapping, size_t mapped_bytes) : mapping_(mapping), mapped_bytes_(mapped_bytes) {
  const auto address = reinterpret_cast<uintptr_t>(mapping);
  data_ = static_cast<std::byte*>(mapping) + (kPageBytes - address % kPageBytes) % kPageBytes;
}

HugeMemory::~HugeMemory() {
  ::munmap(mapping_, mapped_bytes_);
}

}  // namespace penstock::snapshot
