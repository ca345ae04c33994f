#include "sim/state_disk.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace penstock::sim {
namespace {

constexpr const char* kInMemory = "/dev/shm";

Error failed(std::string_view doing, const std::string& path, const std::error_code& code) {
  return {ErrorKind::disk, "cannot " + std::string(doing) + " " + path + ": " + code.message(), ""};
}

std::string parent_directory() {
  if (::access(kInMemory, W_OK) == 0) return kInMemory;
  const char* temporary = std::getenv("TMPDIR");
  return temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
}

}  // namespace

bool StateDisk::is_real(const std::string& path) const {
  return path.starts_with(root_) && path.find("/snapshot") == path.npos && !path.ends_with("/journal");
}

// Both have every directory, so that either can be asked.
Result<void> StateDisk::make_directories(const std::string& path) {
  if (auto made = memory_.make_directories(path); !made.ok() || !path.starts_with(root_)) return made;
  return real_disk().make_directories(path);
}

Result<bool> StateDisk::exists(const std::string& path) {
  return disk_of(path).exists(path);
}
Result<std::vector<std::string>> StateDisk::list(const std::string& path) {
  return disk_of(path).list(path);
}
Result<std::string> StateDisk::read(const std::string& path) {
  return disk_of(path).read(path);
}
Result<std::unique_ptr<MappedFile>> StateDisk::map(const std::string& path) {
  return disk_of(path).map(path);
}
Result<std::unique_ptr<AppendFile>> StateDisk::append_to(const std::string& path) {
  return disk_of(path).append_to(path);
}
Result<void> StateDisk::truncate(const std::string& path, uint64_t size) {
  return disk_of(path).truncate(path, size);
}
Result<void> StateDisk::replace(const std::string& path, std::string_view bytes) {
  return disk_of(path).replace(path, bytes);
}

// The real disk would sync first, which costs more than all the rest of a simulated run.
Result<void> StateDisk::rename(const std::string& from, const std::string& to) {
  if (!is_real(from)) return memory_.rename(from, to);
  std::error_code code;
  std::filesystem::rename(from, to, code);
  if (code) return failed("rename", from, code);
  return success();
}

Result<void> StateDisk::remove(const std::string& path) {
  if (auto removed = memory_.remove(path); !removed.ok() || !is_real(path)) return removed;
  std::error_code code;
  std::filesystem::remove_all(path, code);
  if (code) return failed("remove", path, code);
  return success();
}

StateDirectory::StateDirectory() {
  path_ = parent_directory() + "/penstock-sim-XXXXXX";
  check(::mkdtemp(path_.data()) != nullptr, "no directory for a simulation can be made");
}

StateDirectory::~StateDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace penstock::sim
