// A disk in memory, for tests and simulation: as quick as it gets, and gone with the object.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/disk.h"

namespace penstock {

// Behaves as the real one, only that "durable" means nothing. Paths are taken as they are written. A mapping
// is a copy of exactly the file's bytes, so that a sanitizer sees every step outside. Thread-safe, but for
// two writers of one file.
class MemoryDisk final : public Disk {
 public:
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
  class File;
  struct Contents;
  Result<std::shared_ptr<Contents>> find(std::string_view doing, const std::string& path);
  Result<void> check_parent(const std::string& path) const;

  std::mutex lock_;
  // Shared with the files that are open: a file that was renamed or removed can still be written.
  std::map<std::string, std::shared_ptr<Contents>> files_;
  std::set<std::string> directories_;
};

}  // namespace penstock
