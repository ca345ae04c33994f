// Hostile bytes in a log. The first byte of the input says what the rest is:
//   0  a whole file   1  what follows a valid header   2  edits of a good log: offset (2 bytes) and byte
// What is read of an edited log is a part of what was written, and any log that is read can be gone on with.
#include <algorithm>
#include <string>
#include <vector>

#include "base/memory_disk.h"
#include "ledger/log_file.h"

namespace penstock {
namespace {

using Records = std::vector<std::string>;

struct Read {
  Records records;
  LogReport report;
};

Result<Read> read(Disk& disk) {
  Read read;
  auto report = read_log(disk, "log", [&](std::string_view record) -> Result<void> {
    read.records.emplace_back(record);
    return success();
  });
  if (!report.ok()) return report.error();
  read.report = *report;
  return read;
}

Records good_records() {
  Records records;
  for (size_t i = 1; i <= 12; ++i) records.push_back(std::string(i * i, static_cast<char>('a' + i)));
  return records;
}

std::string good_log() {
  MemoryDisk disk;
  LogWriter log = LogWriter::create(disk, "log", "id").value();
  int written = 0;
  for (const std::string& record : good_records()) {
    check(log.append(record).ok(), "append");
    if (++written % 4 == 0 && written < 12) check(log.sync().ok(), "sync");
  }
  check(log.flush().ok(), "flush");
  return disk.read("log").value();
}

void try_log(const std::string& bytes, const Records* written) {
  MemoryDisk disk;
  check(disk.replace("log", bytes).ok(), "replace");
  auto before = read(disk);
  if (!before.ok()) return;
  const Records& records = before->records;
  if (written)
    check(records.size() <= written->size() && std::equal(records.begin(), records.end(), written->begin()),
          "records that were never written");
  LogWriter log = LogWriter::reopen(disk, "log", before->report, "id").value();
  check(log.append("more").ok() && log.sync().ok(), "append");
  const Read after = read(disk).value();
  check(!after.report.torn() && after.records.size() == records.size() + 1 && after.records.back() == "more",
        "a log that cannot be gone on with");
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  static const std::string good = good_log();
  static const Records written = good_records();
  if (size == 0) return 0;
  std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      try_log(rest, nullptr);
      break;
    case 1:
      try_log(good.substr(0, 256) + rest, nullptr);
      break;
    default: {
      std::string bytes = good;
      for (size_t i = 0; i + 3 <= rest.size(); i += 3) {
        const size_t at =
            static_cast<uint8_t>(rest[i]) | static_cast<size_t>(static_cast<uint8_t>(rest[i + 1])) << 8;
        bytes[at % bytes.size()] = rest[i + 2];
      }
      try_log(bytes, &written);
    }
  }
  return 0;
}
