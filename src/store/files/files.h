// Files: on this machine, on servers by SFTP, in buckets of object stores. The face of this sub-folder.
#pragma once

#include <memory>

#include "store/blocking_store.h"

namespace penstock {

// Headers: `Directory` (a path, file:///path, sftp://user@host/path or s3://bucket/prefix); `Password`,
// `Key-File`, `Known-Hosts` for SFTP; `Endpoint`, `Region`, `Addressing` (path, host), `Access-Key`,
// `Secret-Key`, `Session-Token` for buckets; `Format` (jsonl, csv, parquet), `Compression` (none, gzip,
// zstd), `Header` (true, false), `Delimiter`; `Changes-Name` and `Whole-Name` (names.h); `Staging`; `Run`.
//
// Besides rows: POST /sessions/OBJECT begins a file that is written as a whole, {"session": ...} is the
// answer; PUT /sessions/SESSION/PART/OBJECT adds rows, the same part again takes the place of the first; POST
// /sessions/SESSION/OBJECT puts the file in its place, DELETE does away with it.
std::unique_ptr<StoreSession> make_files_session(const Headers& headers);

}  // namespace penstock
