#include "cli/metrics_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/version.h"
#include "run/sync_status.h"

namespace penstock::cli {
namespace {

Error file_error(const char* act, const std::string& path, int code) {
  return {ErrorKind::disk, fmt::format("cannot {} {}: {}", act, path, std::strerror(code)),
          "name a file in a directory that may be written to: --metrics FILE"};
}

// Kept while the file is read and written anew; given up with the process.
class FileLock {
 public:
  static Result<FileLock> take(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return file_error("write", path, errno);
    while (::flock(descriptor, LOCK_EX) != 0)
      if (errno != EINTR) {
        const int code = errno;
        ::close(descriptor);
        return file_error("lock", path, code);
      }
    return FileLock(descriptor);
  }
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Whoever reads it is another user: readable for all, whatever the umask, before it has its name.
Result<void> replace_readable(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".new";
  auto written = real_disk().replace(unfinished, text);
  if (!written.ok()) return written;
  if (::chmod(unfinished.c_str(), 0644) != 0) return file_error("write", unfinished, errno);
  return real_disk().rename(unfinished, path);
}

}  // namespace

RunMetrics::RunMetrics(const Workspace& workspace, std::string path)
    : workspace_(workspace), path_(std::move(path)) {
  if (path_.empty()) return;
  metrics_ = std::make_unique<Metrics>(real_clock(), std::string(kVersion));
  metrics_->know(workspace.project());
}

void RunMetrics::listen(RunParts& parts) {
  if (!metrics_) return;
  parts.on_request = [this](const config::Sync& sync, const SentRequest& sent) {
    metrics_->on_request(sync, sent);
  };
}

void RunMetrics::add(const EndedSync& ended) {
  if (!metrics_ || !ended.report) return;
  if (ended.report->ok())
    metrics_->on_run_ended(ended.sync, **ended.report);
  else
    metrics_->on_run_refused(ended.sync);
}

Result<void> tell_standing(const Workspace& workspace, Metrics& metrics) {
  auto store = workspace.existing_runs();
  if (!store.ok()) return store.error();
  for (const auto& sync : workspace.project().syncs) {
    const auto status = sync_status(workspace, sync, *store ? &**store : nullptr);
    if (!status.ok()) return status.error();
    if (!status->last) continue;
    metrics.set_standing(sync.name, {.last_run = status->last->started,
                                     .last_success = status->fresh_at,
                                     .accepted = status->accepted,
                                     .waiting = status->waiting});
  }
  return success();
}

Result<void> RunMetrics::write() {
  if (!metrics_) return success();
  if (auto looked = tell_standing(workspace_, *metrics_); !looked.ok()) return looked;
  const auto lock = FileLock::take(path_ + ".lock");
  if (!lock.ok()) return lock.error();
  if (std::filesystem::exists(path_)) {
    const auto earlier = real_disk().read(path_);
    if (!earlier.ok()) return earlier.error();
    metrics_->carry_on(*earlier);
  }
  return replace_readable(path_, metrics_->text(Scrape::file));
}

}  // namespace penstock::cli
