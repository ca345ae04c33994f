// A disk on which some files are others than they really are: to look at a project as it would be, or was.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"

namespace penstock {

// Below `directory`, the files that `covers` (given paths relative to it, '/' between names) are answered
// from `files` alone and cannot be written; everything else is the disk underneath, which must outlive this.
// A directory is there if it is underneath or if a file of `files` lies in it. Thread-safe if `covers` is.
class OverlayDisk final : public Disk {
 public:
  using Files = std::map<std::string, std::string, std::less<>>;
  using Covers = std::function<bool(std::string_view path)>;
  OverlayDisk(Disk& under, std::string directory, Covers covers, Files files);

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
  // The path below the directory, empty for itself; nullopt: it is elsewhere.
  std::optional<std::string> inside(const std::string& path) const;
  bool covered(const std::string& path) const;
  Result<void> writable(std::string_view doing, const std::string& path) const;

  Disk& under_;
  std::string directory_;
  Covers covers_;
  Files files_;
};

}  // namespace penstock
