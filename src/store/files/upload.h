// Files on other machines, by SFTP.
#pragma once

#include <string>

#include "store/answer.h"

namespace penstock::files {

struct Upload {
  std::string directory;  // sftp://user@host:22/path
  std::string password, key_file, known_hosts;
};

// Writes the file beside its place first and moves it there, so that nobody reads half of it.
StoreAnswer upload(const Upload& to, const std::string& name, const std::string& text,
                   const Timeouts& timeouts);

}  // namespace penstock::files
