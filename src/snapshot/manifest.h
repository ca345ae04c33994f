// The small file that says which tables make up a snapshot (docs/formats.md, "Snapshot manifest").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace penstock {

// Of live keys. A key may count in several of them.
struct KeyCounts {
  uint64_t keys = 0;      // with any state at all
  uint64_t accepted = 0;  // with a payload that was accepted, or an unknown one
  uint64_t current = 0;   // accepted and not gone: what the destination should hold because of us
  uint64_t gone = 0;
  uint64_t foreign = 0;
  uint64_t waiting = 0;
  bool operator==(const KeyCounts&) const = default;
};

struct TableRef {
  uint64_t number = 0;      // table-NUMBER.snap
  uint64_t size_bytes = 0;  // of the whole file
  uint64_t entries = 0;     // tombstones included
  uint64_t checksum = 0;    // of its footer, which holds the checksums of the rest
  bool operator==(const TableRef&) const = default;
};

struct Manifest {
  uint64_t generation = 0;         // grows by one with every commit; 0: nothing was ever committed
  std::vector<TableRef> tables{};  // oldest (the base) first, newest last
  KeyCounts counts{};
  std::string last_run{};  // the run whose outcomes are in
  std::string mappings{};  // JSON text of the planner's: what the fingerprints were made with
  std::map<std::string, std::string> extras{};
  bool operator==(const Manifest&) const = default;
};

// `path` names the file in errors. Any damaged byte is an error of kind `disk` with a remedy.
std::string manifest_text(const Manifest& manifest);
Result<Manifest> parse_manifest(std::string_view text, const std::string& path);

// Generation 0 when `directory` holds no snapshot. Tables without a manifest are an error: somebody
// removed it, and taking the snapshot for empty would send every row again.
Result<Manifest> read_manifest(Disk& disk, const std::string& directory);

}  // namespace penstock
