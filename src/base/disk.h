// The disk as a seam. Everything that must survive a crash (snapshot, journal, manifest) is read and
// written through a Disk, so that the simulator can tear writes, fill the disk and pull the plug.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock {

// A file that only grows. Not thread-safe.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  // The bytes are handed to the operating system: they survive the death of the process, not of the machine.
  virtual Result<void> append(std::string_view bytes) = 0;
  // All that was appended survives a power cut when this returns.
  virtual Result<void> sync() = 0;
  virtual uint64_t size() const = 0;
  // Why nothing that is appended can count any more, where that can be known without writing: who held this
  // file by a lease may have lost it. Cheap; from any thread.
  virtual std::optional<Error> lost() const { return std::nullopt; }
};

// A file's bytes, read-only, for as long as the object lives. Safe to read from many threads.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual std::span<const std::byte> bytes() const = 0;
};

struct SizedFile {
  std::string name;
  uint64_t size = 0;  // bytes
};

// Thread-safe. Paths are absolute or relative to the process. Every error is of kind `disk`, names the
// path, and carries a remedy for a full or read-only disk.
class Disk {
 public:
  virtual ~Disk() = default;
  // With all that are missing on the way; durably.
  virtual Result<void> make_directories(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  // Names of the entries of a directory, sorted; a missing directory is an error.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  // The same with their sizes, of files only. Here by mapping each; disks that know better do better.
  virtual Result<std::vector<SizedFile>> sizes(const std::string& path);
  virtual Result<std::string> read(const std::string& path) = 0;
  virtual Result<std::unique_ptr<MappedFile>> map(const std::string& path) = 0;
  // Opens for appending, at the end of what is there; creates the file and makes its name durable.
  virtual Result<std::unique_ptr<AppendFile>> append_to(const std::string& path) = 0;
  // Cuts a file down to `size` bytes (recovery drops a torn tail) and makes that durable.
  virtual Result<void> truncate(const std::string& path, uint64_t size) = 0;
  // Atomically replaces the file with these bytes, durably: after a crash the old or the new, never a mix.
  virtual Result<void> replace(const std::string& path, std::string_view bytes) = 0;
  // The same for what only the owner may read (mode 0600). Disks that are not real have no owners.
  virtual Result<void> replace_private(const std::string& path, std::string_view bytes) {
    return replace(path, bytes);
  }
  // Takes a file or directory from everybody but its owner. Disks that are not real have no owners.
  virtual Result<void> keep_private(const std::string&) { return success(); }
  // Moves a complete file (synced here first) over `to`, durably.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // Removes a file, or a directory with all that is in it; what is not there is fine.
  virtual Result<void> remove(const std::string& path) = 0;
  // For who reads files by their paths and not through here: this file, or the files of this directory, are
  // on the machine when it returns. What is not there is fine.
  virtual Result<void> bring(const std::string&) { return success(); }
};

Disk& real_disk();

// "/a/b" + "c" -> "/a/b/c".
std::string join_path(std::string_view directory, std::string_view name);

}  // namespace penstock
