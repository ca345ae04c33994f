// Framing of append-only logs: what was made durable is found again, and what is damaged is told from what
// a crash cut off (docs/formats.md, "Logs").
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/disk.h"
#include "base/result.h"

namespace penstock {

// How a log was found.
struct LogReport {
  std::string id;              // as given to create(); empty when not even the header is whole
  uint64_t frames = 0;         // valid ones, counting the log's own marks: for reopen()
  uint64_t valid_bytes = 0;    // where the next frame goes; 0: the log was never begun
  uint64_t dropped_bytes = 0;  // behind valid_bytes: cut off by a crash before they were durable
  bool torn() const { return dropped_bytes > 0 || valid_bytes == 0; }
};

// Hands every record to `record` in order. An error that it returns ends the reading and is handed on.
// A record that is damaged although it was durable is an error of kind `disk` that names file and offset;
// a torn tail is no error. Records before the damage have been handed on by then. The views are valid during
// the call only. A missing file is an error.
Result<LogReport> read_log(Disk& disk, const std::string& path,
                           const std::function<Result<void>(std::string_view record)>& record);
// The same of a file that is mapped already: the views are valid as long as it is. `path` is for messages.
Result<LogReport> read_log(const MappedFile& file, const std::string& path,
                           const std::function<Result<void>(std::string_view record)>& record);

// Not thread-safe. After an error the writer is broken and repeats that error: read_log() and reopen().
class LogWriter {
 public:
  // A new log; its header is durable when this returns. An existing file is an error. `id`: at most
  // kLogIdBytesMax.
  static Result<LogWriter> create(Disk& disk, const std::string& path, std::string_view id);
  // Goes on where read_log() found the end: cuts off a torn tail, makes the rest durable. `id` is used
  // only when the header itself was torn.
  static Result<LogWriter> reopen(Disk& disk, const std::string& path, const LogReport& report,
                                  std::string_view id);
  LogWriter(LogWriter&&) noexcept;
  LogWriter& operator=(LogWriter&&) noexcept;
  ~LogWriter();  // does not flush

  // Between 1 byte and kLogRecordBytesMax. Held in memory until 256 KB have gathered, flush() or sync().
  Result<void> append(std::string_view record);
  // Survives the death of the process from here on.
  Result<void> flush();
  // Survives a power cut from here on.
  Result<void> sync();
  uint64_t size_bytes() const;  // with what is still held
  // As AppendFile::lost(). From any thread.
  std::optional<Error> lost() const;

 private:
  struct State;
  explicit LogWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

inline constexpr uint64_t kLogRecordBytesMax = 256u << 20;
inline constexpr uint64_t kLogIdBytesMax = 200;

}  // namespace penstock
