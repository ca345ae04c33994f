// A directory for a test or a moment's work.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

// Made empty under $TMPDIR (else /tmp), removed with all that is in it when the object goes.
class TempDirectory {
 public:
  TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory();
  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace penstock
