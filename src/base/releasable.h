// Abilities that a MappedFile may have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace penstock {

// A mapping whose pages may leave our memory once they have been read; they come back when they are read
// again. Thread-safe.
class Releasable {
 public:
  virtual ~Releasable() = default;
  virtual void release(std::span<const std::byte> part) const = 0;
};

// A file whose bytes can also be read without being mapped: for a few from here and there, for which mapping
// their pages and the pages around them costs more than the copy. Thread-safe.
class ReadableAt {
 public:
  virtual ~ReadableAt() = default;
  // False when it cannot be done; then the mapping has them.
  virtual bool read_at(uint64_t offset, std::span<std::byte> into) const = 0;
};

// A mapping that can be there as a whole before it is read. Thread-safe.
class Preloadable {
 public:
  virtual ~Preloadable() = default;
  // Maps the pages of a part at once, huge ones where the system keeps the file in such. Gives the number of
  // bytes around there that are in huge pages.
  virtual uint64_t preload(std::span<const std::byte> part) const = 0;
};

}  // namespace penstock
