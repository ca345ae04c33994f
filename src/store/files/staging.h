// Parts of a file that is written as a whole, until it is complete: a directory of this machine for each
// session.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace penstock::files {

class Staging {
 public:
  // In `directory`; `name` tells whose it is: sessions of one name follow one another.
  Staging(std::string directory, std::string name, std::string session);

  // Does away with what earlier sessions of this name left, which died.
  Result<void> begin() const;
  // An error: there is no such session, which another one has taken the place of.
  Result<void> check_there() const;
  std::string part_path(uint64_t part) const;
  // In their order.
  Result<std::vector<std::string>> parts() const;
  std::string path(std::string_view name) const;
  void remove() const;

 private:
  std::string directory_, prefix_, path_;
};

}  // namespace penstock::files
