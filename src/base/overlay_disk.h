// A disk on which some files are others than they really are: to look at a project as it would be, or was.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/disk.h"

namespace penstock {

// Below `directory`, whatever begins with one of the names `covered` is answered from `files` alone (paths
// relative to the directory, '/' between names) and cannot be written; everything else is the disk
// underneath, which must outlive this. A covered directory is there if a file in it is. Thread-safe.
class OverlayDisk final : public Disk {
 public:
  using Files = std::map<std::string, std::string, std::less<>>;
  OverlayDisk(Disk& under, std::string directory, std::set<std::string, std::less<>> covered, Files files);

  Result<void> make_directories(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override;
  Result<std::unique_ptr<AppendFile>> append_to(const std::string& path) override;
  Result<void> truncate(const std::string& path, uint64_t size) override;
  Result<void> replace(const std::string& path, std::string_view bytes) override;
  Result<void> replace_private(const std::string& path, std::string_view bytes) override;
  Result<void> keep_private(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> bring(const std::string& path) override;

 private:
  // The path below the directory when it is covered; empty: it is not.
  std::string covered_part(const std::string& path) const;
  bool is_directory(const std::string& part) const;
  Result<void> writable(std::string_view doing, const std::string& path) const;

  Disk& under_;
  std::string directory_;
  std::set<std::string, std::less<>> covered_;
  Files files_;
};

}  // namespace penstock
