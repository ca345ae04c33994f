#include "base/disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/releasable.h"

namespace penstock {
namespace {

Error disk_error(std::string_view doing, const std::string& path, int code) {
  Error error{ErrorKind::disk, fmt::format("cannot {} {}: {}", doing, path, std::strerror(code)), ""};
  if (code == ENOSPC || code == EDQUOT)
    error.remedy = "free some space on this disk, then run the same command again: what was recorded is kept";
  else if (code == EROFS || code == EACCES || code == EPERM)
    error.remedy = "make this place writable for the user that runs penstock";
  return error;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return disk_error("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return success();
}

// A new name in a directory is durable only once the directory itself is.
Result<void> sync_directory_of(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const Descriptor fd(
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return disk_error("open", directory, errno);
  if (::fsync(fd.get()) != 0) return disk_error("sync", directory, errno);
  return success();
}

class RealAppendFile final : public AppendFile {
 public:
  RealAppendFile(std::string path, int fd, uint64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}

  Result<void> append(std::string_view bytes) override {
    if (auto written = write_all(fd_.get(), bytes, path_); !written.ok()) return written.error();
    size_ += bytes.size();
    return success();
  }
  Result<void> sync() override {
    if (::fdatasync(fd_.get()) != 0) return disk_error("sync", path_, errno);
    return success();
  }
  uint64_t size() const override { return size_; }

 private:
  std::string path_;
  Descriptor fd_;
  uint64_t size_;
};

// How many bytes of the mappings that overlap with this one are in huge pages; 0 when the system does not
// say.
uint64_t huge_bytes_mapped(uintptr_t begin, uintptr_t end) {
  std::ifstream mappings("/proc/self/smaps");
  uint64_t bytes = 0;
  bool overlaps = false;
  for (std::string line; std::getline(mappings, line);) {
    unsigned long first = 0, last = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &last) == 2)
      overlaps = first < end && last > begin;
    else if (unsigned long kilobytes = 0;
             overlaps && std::sscanf(line.c_str(), "FilePmdMapped: %lu kB", &kilobytes) == 1)
      bytes += uint64_t{kilobytes} * 1024;
  }
  return bytes;
}

class RealMappedFile final : public MappedFile, public Releasable, public ReadableAt, public Preloadable {
 public:
  // Owns the descriptor, which may be -1.
  RealMappedFile(int fd, void* address, size_t size) : fd_(fd), address_(address), size_(size) {}
  RealMappedFile(const RealMappedFile&) = delete;
  RealMappedFile& operator=(const RealMappedFile&) = delete;
  ~RealMappedFile() override {
    if (size_ > 0) ::munmap(address_, size_);
    if (fd_ >= 0) ::close(fd_);
  }
  std::span<const std::byte> bytes() const override {
    return {static_cast<const std::byte*>(address_), size_};
  }
  bool read_at(uint64_t offset, std::span<std::byte> into) const override {
    if (fd_ < 0) return false;
    const ssize_t size = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
    return size >= 0 && static_cast<size_t>(size) == into.size();
  }
  // NOLINTBEGIN(performance-no-int-to-ptr): addresses of whole pages
  void release(std::span<const std::byte> part) const override {
    const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
    const auto end = reinterpret_cast<uintptr_t>(part.data() + part.size()) / page * page;
    if (begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  uint64_t preload(std::span<const std::byte> part) const override {
    const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<uintptr_t>(part.data()) / page * page;
    const auto end = reinterpret_cast<uintptr_t>(part.data() + part.size());
    // Both are advice. The first also has what is not in memory read in huge pages.
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_READ);
    return huge_bytes_mapped(begin, end);
  }
  // NOLINTEND(performance-no-int-to-ptr)

 private:
  int fd_;
  void* address_;
  size_t size_;
};

class RealDisk final : public Disk {
 public:
  Result<void> make_directories(const std::string& path) override {
    std::error_code code;
    std::vector<std::string> missing;  // the innermost first
    for (std::filesystem::path at = path; !at.empty() && !std::filesystem::exists(at, code);
         at = at.parent_path())
      missing.push_back(at.string());
    std::filesystem::create_directories(path, code);
    if (code) return disk_error("create the directory", path, code.value());
    for (const std::string& made : missing)
      if (auto synced = sync_directory_of(made); !synced.ok()) return synced;
    return success();
  }

  Result<bool> exists(const std::string& path) override {
    struct stat status;
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return disk_error("look at", path, errno);
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    std::vector<std::string> names;
    std::error_code code;
    for (std::filesystem::directory_iterator at(path, code), end; !code && at != end; at.increment(code))
      names.push_back(at->path().filename().string());
    if (code) return disk_error("list", path, code.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::vector<SizedFile>> sizes(const std::string& path) override {
    std::vector<SizedFile> files;
    std::error_code code;
    for (std::filesystem::directory_iterator at(path, code), end; !code && at != end; at.increment(code)) {
      std::error_code gone;  // others remove files while we look
      if (!at->is_regular_file(gone)) continue;
      const auto size = at->file_size(gone);
      if (!gone) files.push_back({at->path().filename().string(), size});
    }
    if (code) return disk_error("list", path, code.value());
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return files;
  }

  Result<std::string> read(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status;
    if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return disk_error("read", path, errno);
    std::string bytes(static_cast<size_t>(status.st_size), '\0');
    size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t got = ::read(fd.get(), bytes.data() + filled, bytes.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return disk_error("read", path, errno);
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
  }

  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status;
    if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return disk_error("read", path, errno);
    const auto size = static_cast<size_t>(status.st_size);
    void* address = nullptr;
    if (size > 0) {
      address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
      if (address == MAP_FAILED) return disk_error("map", path, errno);
    }
    return std::unique_ptr<MappedFile>(
        std::make_unique<RealMappedFile>(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0), address, size));
  }

  Result<std::unique_ptr<AppendFile>> append_to(const std::string& path) override {
    const bool is_new = ::access(path.c_str(), F_OK) != 0;
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) return disk_error("open", path, errno);
    const off_t end = ::lseek(fd, 0, SEEK_END);
    auto file = std::make_unique<RealAppendFile>(path, fd, static_cast<uint64_t>(end));
    if (end < 0) return disk_error("open", path, errno);
    if (is_new)
      if (auto synced = sync_directory_of(path); !synced.ok()) return synced.error();
    return std::unique_ptr<AppendFile>(std::move(file));
  }

  Result<void> truncate(const std::string& path, uint64_t size) override {
    const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd.get() < 0 || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0 || ::fsync(fd.get()) != 0)
      return disk_error("truncate", path, errno);
    return success();
  }

  Result<void> replace(const std::string& path, std::string_view bytes) override {
    return replace(path, bytes, 0640);
  }

  Result<void> replace_private(const std::string& path, std::string_view bytes) override {
    // What a crash left of an earlier try may have another mode, and an open file keeps it.
    if (auto removed = remove(path + ".new"); !removed.ok()) return removed;
    return replace(path, bytes, 0600);
  }

  Result<void> keep_private(const std::string& path) override {
    std::error_code code;
    using std::filesystem::perms;
    std::filesystem::permissions(path, perms::group_all | perms::others_all,
                                 std::filesystem::perm_options::remove, code);
    if (code) return disk_error("change the rights of", path, code.value());
    return success();
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    {
      const Descriptor fd(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
      if (fd.get() < 0) return disk_error("open", from, errno);
      if (::fsync(fd.get()) != 0) return disk_error("sync", from, errno);
    }
    return put_in_place(from, to);
  }

  Result<void> remove(const std::string& path) override {
    std::error_code code;
    std::filesystem::remove_all(path, code);
    if (code) return disk_error("remove", path, code.value());
    return success();
  }

 private:
  static Result<void> replace(const std::string& path, std::string_view bytes, mode_t mode) {
    const std::string temporary = path + ".new";
    {
      const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
      if (fd.get() < 0) return disk_error("write", temporary, errno);
      if (auto written = write_all(fd.get(), bytes, temporary); !written.ok()) return written.error();
      if (::fsync(fd.get()) != 0) return disk_error("sync", temporary, errno);
    }
    return put_in_place(temporary, path);
  }

  static Result<void> put_in_place(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return disk_error("rename", from, errno);
    return sync_directory_of(to);
  }
};

}  // namespace

Result<std::vector<SizedFile>> Disk::sizes(const std::string& path) {
  const auto names = list(path);
  if (!names.ok()) return names.error();
  std::vector<SizedFile> files;
  for (const auto& name : *names)
    if (const auto file = map(join_path(path, name)); file.ok())
      files.push_back({name, (*file)->bytes().size()});
  return files;
}

Disk& real_disk() {
  static RealDisk disk;
  return disk;
}

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty() || directory == ".") return std::string(name);
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path += name;
}

}  // namespace penstock
