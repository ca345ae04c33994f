// An ability that a MappedFile may have.
#pragma once

#include <cstddef>
#include <span>

namespace penstock {

// A mapping whose pages may leave our memory once they have been read; they come back when they are read
// again. Thread-safe.
class Releasable {
 public:
  virtual ~Releasable() = default;
  virtual void release(std::span<const std::byte> part) const = 0;
};

}  // namespace penstock
