#include "store/files/place.h"

#include <fmt/format.h>

namespace penstock::files {

Result<std::unique_ptr<Place>> make_place(const Headers& headers) {
  std::string directory = header_text(headers, "Directory");
  if (directory.starts_with("sftp://")) return make_sftp_directory(headers);
  if (directory.starts_with("s3://")) return make_bucket(headers);
  if (directory.starts_with("file://")) directory = percent_decode(directory.substr(7));
  if (directory.find("://") != std::string::npos)
    return Error{ErrorKind::config, fmt::format("files cannot be written to '{}'", host_of(directory)),
                 "name a directory, or sftp://user@host/directory"};
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  return make_directory(std::move(directory));
}

}  // namespace penstock::files
