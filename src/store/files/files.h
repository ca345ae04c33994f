// Files: on this machine, and on servers by SFTP. The face of this sub-folder.
#pragma once

#include <memory>

#include "store/blocking_store.h"

namespace penstock {

// Headers: `Directory` (a path, file:///path or sftp://user@host/path), `Password`, `Key-File`,
// `Known-Hosts`, `Format` (jsonl, csv), `Compression` (none, gzip).
std::unique_ptr<StoreSession> make_files_session(const Headers& headers);

}  // namespace penstock
