#include "ledger/log_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "ledger/log_frame.h"

namespace penstock {
namespace {

using namespace log_frame;

constexpr size_t kBufferBytes = 256 << 10;

Error corrupt(const std::string& path, uint64_t at, std::string_view what) {
  return {
      ErrorKind::disk, fmt::format("the log {} is damaged at byte {}: {}", path, at, what),
      "restore the file from a backup; without one, move it away: what is recorded in it only is lost, and "
      "the rows concerned are compared and sent anew"};
}

// create() makes the header durable, as one sector, before anything can follow it. So a crash leaves less
// than a header, or zeros; everything else is damage.
bool never_begun(std::string_view bytes) {
  return bytes.size() < kHeaderBytes ||
         (bytes.size() == kHeaderBytes && bytes.find_first_not_of('\0') == std::string_view::npos);
}

// Whether the frame `missing`, which is not valid where it should be, is known to have been durable: a later
// frame that is valid says so.
bool was_durable(std::string_view bytes, uint64_t seed, uint64_t at, uint64_t missing) {
  for (uint64_t next = at + 1; next + kFrameHeadBytes <= bytes.size();) {
    const uint64_t more = (next - at) / kFrameHeadBytes;  // no more frames than these fit in between
    const auto frame =
        more == 0 ? std::nullopt : decode_frame(bytes.substr(next), seed, missing + 1, more - 1);
    if (frame && frame->durable > missing) return true;
    next += frame ? kFrameHeadBytes + frame->payload.size() : 1;
  }
  return false;
}

}  // namespace

Result<LogReport> read_log(Disk& disk, const std::string& path,
                           const std::function<Result<void>(std::string_view record)>& record) {
  auto file = disk.map(path);
  if (!file.ok()) return file.error();
  return read_log(**file, path, record);
}

Result<LogReport> read_log(const MappedFile& file, const std::string& path,
                           const std::function<Result<void>(std::string_view record)>& record) {
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  LogReport report;
  const auto header = decode_header(bytes);
  if (!header) {
    if (!never_begun(bytes)) return corrupt(path, 0, "its header is not valid");
    report.dropped_bytes = bytes.size();
    return report;
  }
  report.id = header->id;
  report.valid_bytes = kHeaderBytes;
  while (report.valid_bytes < bytes.size()) {
    const auto frame = decode_frame(bytes.substr(report.valid_bytes), header->seed, report.frames);
    if (!frame) break;
    if (!frame->payload.empty())
      if (auto taken = record(frame->payload); !taken.ok()) return taken.error();
    report.valid_bytes += kFrameHeadBytes + frame->payload.size();
    ++report.frames;
  }
  report.dropped_bytes = bytes.size() - report.valid_bytes;
  if (report.dropped_bytes > 0 && was_durable(bytes, header->seed, report.valid_bytes, report.frames))
    return corrupt(path, report.valid_bytes, "a record that was durable is not valid, and others follow it");
  return report;
}

struct LogWriter::State {
  std::unique_ptr<AppendFile> file;
  uint64_t seed = 0;
  uint64_t frames = 0;   // ordinal of the next frame
  uint64_t durable = 0;  // of these frames
  bool marked = true;    // nothing became durable that the file does not say so of
  std::string buffer;
  Result<void> broken;

  Result<void> note(Result<void> result) {
    if (!result.ok()) broken = result;
    return result;
  }
  Result<void> add(std::string_view payload) {
    append_frame(buffer, seed, {.ordinal = frames, .durable = durable, .payload = payload});
    ++frames;
    return buffer.size() < kBufferBytes ? success() : flush();
  }
  Result<void> flush() {
    if (buffer.empty()) return success();
    auto appended = note(file->append(buffer));
    buffer.clear();
    return appended;
  }
};

LogWriter::LogWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogWriter::LogWriter(LogWriter&&) noexcept = default;
LogWriter& LogWriter::operator=(LogWriter&&) noexcept = default;
LogWriter::~LogWriter() = default;

Result<LogWriter> LogWriter::create(Disk& disk, const std::string& path, std::string_view id) {
  check(id.size() <= kLogIdBytesMax, "a log's id is too long");
  auto there = disk.exists(path);
  if (!there.ok()) return there.error();
  if (*there) return Error{ErrorKind::internal, fmt::format("the log {} exists already", path), ""};
  auto file = disk.append_to(path);
  if (!file.ok()) return file.error();
  const std::string header = encode_header(id);
  if (auto appended = (*file)->append(header); !appended.ok()) return appended.error();
  if (auto synced = (*file)->sync(); !synced.ok()) return synced.error();
  auto state = std::make_unique<State>();
  state->file = std::move(file).value();
  state->seed = seed_of(header);
  return LogWriter(std::move(state));
}

Result<LogWriter> LogWriter::reopen(Disk& disk, const std::string& path, const LogReport& report,
                                    std::string_view id) {
  if (report.valid_bytes == 0) {
    if (auto removed = disk.remove(path); !removed.ok()) return removed.error();
    return create(disk, path, id);
  }
  if (report.dropped_bytes > 0)
    if (auto cut = disk.truncate(path, report.valid_bytes); !cut.ok()) return cut.error();
  auto file = disk.append_to(path);
  if (!file.ok()) return file.error();
  if ((*file)->size() != report.valid_bytes)
    return Error{ErrorKind::locked, fmt::format("the log {} was changed by somebody else meanwhile", path),
                 ""};
  if (auto synced = (*file)->sync(); !synced.ok()) return synced.error();
  auto state = std::make_unique<State>();
  state->file = std::move(file).value();
  state->seed = seed_of(encode_header(report.id));
  state->frames = state->durable = report.frames;
  return LogWriter(std::move(state));
}

Result<void> LogWriter::append(std::string_view record) {
  if (!state_->broken.ok()) return state_->broken;
  if (record.empty() || record.size() > kLogRecordBytesMax)
    return Error{ErrorKind::internal, fmt::format("a log record of {} bytes", record.size()), ""};
  state_->marked = false;
  return state_->add(record);
}

Result<void> LogWriter::flush() {
  return state_->broken.ok() ? state_->flush() : state_->broken;
}

Result<void> LogWriter::sync() {
  State& state = *state_;
  if (!state.broken.ok()) return state.broken;
  if (state.marked) return success();
  if (auto flushed = state.flush(); !flushed.ok()) return flushed;
  if (auto synced = state.note(state.file->sync()); !synced.ok()) return synced;
  state.durable = state.frames;
  state.marked = true;
  // The mark need not be durable itself. Should it fail, the records are safe all the same; the next call
  // returns the error.
  if (auto marked = state.add({}); marked.ok()) (void)state.flush();
  return success();
}

uint64_t LogWriter::size_bytes() const {
  return state_->file->size() + state_->buffer.size();
}

std::optional<Error> LogWriter::lost() const {
  return state_->file->lost();
}

}  // namespace penstock
