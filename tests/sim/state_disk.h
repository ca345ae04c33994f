// The disk of a simulated machine: what the engine reads and writes through its Disk lies in memory, what
// DuckDB and SQLite open by themselves in a directory.
#pragma once

#include <string>
#include <vector>

#include "base/memory_disk.h"
#include "base/temp_directory.h"

namespace penstock::sim {

// Under `root` lie plans, operations, the lock and the history of runs; journals and snapshots, and every
// other path, are in memory. Nothing is ever synced: a FaultyDisk on top says what a power cut takes away.
// Thread-safe as MemoryDisk is.
class StateDisk final : public Disk {
 public:
  // `root`: an existing directory.
  explicit StateDisk(std::string root) : root_(std::move(root)) {}

  Result<void> make_directories(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override;
  Result<std::unique_ptr<AppendFile>> append_to(const std::string& path) override;
  Result<void> truncate(const std::string& path, uint64_t size) override;
  Result<void> replace(const std::string& path, std::string_view bytes) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;

 private:
  bool is_real(const std::string& path) const;
  Disk& disk_of(const std::string& path) { return is_real(path) ? real_disk() : memory_; }

  std::string root_;
  MemoryDisk memory_;
};

// A directory that goes with the object: in memory where the machine has such a place, else under $TMPDIR.
class StateDirectory {
 public:
  StateDirectory();
  StateDirectory(const StateDirectory&) = delete;
  StateDirectory& operator=(const StateDirectory&) = delete;
  ~StateDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace penstock::sim
