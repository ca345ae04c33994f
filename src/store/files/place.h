// Where files go: a directory here, one on an SFTP server, a bucket of an object store.
#pragma once

#include <memory>
#include <string>

#include "store/answer.h"
#include "store/files/content.h"

namespace penstock::files {

// Blocking; one thread at a time.
class Place {
 public:
  virtual ~Place() = default;
  // When this answers 200 these bytes stand under the name, all of them; until then whatever stood there
  // before does. The name may have parts with slashes between them.
  virtual StoreAnswer put(const std::string& name, const Content& content, const Timeouts& timeouts) = 0;
  // A directory of this machine for files that are to go there; empty: any will do.
  virtual std::string staging() const { return ""; }
};

// Headers: those of make_files_session(). Errors are of kind config.
Result<std::unique_ptr<Place>> make_place(const Headers& headers);

std::unique_ptr<Place> make_directory(std::string path);
std::unique_ptr<Place> make_sftp_directory(const Headers& headers);
Result<std::unique_ptr<Place>> make_bucket(const Headers& headers);

// An error of our own disk, or of the user's files.
inline StoreAnswer refused(const Error& error) {
  return misconfigured(error.message, error.remedy);
}

}  // namespace penstock::files
