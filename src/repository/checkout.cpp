#include "repository/checkout.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace penstock::repository {
namespace {

Error file_error(std::string_view doing, const std::string& path, int code) {
  Error error{ErrorKind::disk, fmt::format("cannot {} {}: {}", doing, path, std::strerror(code)), ""};
  if (code == ENOSPC || code == EDQUOT) error.remedy = "free some space on this disk, then try again";
  if (code == EROFS || code == EACCES || code == EPERM)
    error.remedy = "make this place writable for the user that runs penstock";
  return error;
}

class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string real_path(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) != nullptr ? resolved : "";
}

Result<void> write_durably(const std::string& path, std::string_view bytes, mode_t mode) {
  (void)::unlink(path.c_str());
  const OpenFile file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.get() < 0) return file_error("write", path, errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return ::fsync(file.get()) == 0 ? success() : file_error("sync", path, errno);
}

void sync_directory(const std::string& path) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.get() >= 0) (void)::fsync(file.get());
}

std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// The content as it is to lie in the directory: line ends and filters of .gitattributes.
Result<std::string> checked_out(const Checkout& checkout, const std::string& path, const git_oid& id) {
  auto blob = take<BlobHandle>("read a file of a commit", git_blob_lookup, checkout.get(), &id);
  if (!blob.ok()) return blob.error();
  Buffer buffer;
  git_blob_filter_options options{};
  options.version = GIT_BLOB_FILTER_OPTIONS_VERSION;
  options.flags = 0;  // a NUL byte does not matter
  if (const int code = git_blob_filter(buffer.get(), blob->get(), path.c_str(), &options); code < 0)
    return git_error(fmt::format("prepare {}", path), code);
  return buffer.text();
}

// Whether a part of the way to `path` is no directory.
bool is_barred(const Checkout& checkout, const std::string& path) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    struct stat status;
    if (::lstat(checkout.absolute(path.substr(0, slash)).c_str(), &status) != 0) return false;
    if (!S_ISDIR(status.st_mode)) return true;
  }
  return false;
}

Result<OnDisk> link_on_disk(const std::string& absolute) {
  char target[PATH_MAX];
  const ssize_t size = ::readlink(absolute.c_str(), target, sizeof target);
  if (size < 0) return file_error("read", absolute, errno);
  OnDisk there{OnDisk::Kind::link, {}};
  if (const int code = git_odb_hash(&there.id, target, static_cast<size_t>(size), GIT_OBJECT_BLOB); code < 0)
    return git_error("hash a link", code);
  return there;
}

}  // namespace

Result<Checkout> open_checkout(const std::string& directory) {
  start_libgit2();
  const std::string project = real_path(directory.empty() ? "." : directory);
  if (project.empty())
    return Error{ErrorKind::config, fmt::format("there is no directory {}", directory),
                 "name another with -C"};
  git_repository* raw = nullptr;
  const int code = git_repository_open_ext(&raw, project.c_str(), 0, nullptr);
  if (code == GIT_ENOTFOUND)
    return Error{ErrorKind::config, fmt::format("{} is not in a git repository", directory),
                 "make one there: git init && git add . && git commit -m 'The project'"};
  if (code == GIT_EOWNER)
    return Error{ErrorKind::config,
                 fmt::format("the git repository of {} belongs to another user", directory),
                 fmt::format("if you trust it: git config --global --add safe.directory {}", project)};
  if (code < 0) return git_error(fmt::format("open the git repository of {}", directory), code);
  Checkout checkout{RepositoryHandle(raw), "", git_repository_path(raw), ""};
  if (git_repository_is_bare(raw) != 0)
    return Error{ErrorKind::config, fmt::format("the git repository of {} has no working tree", directory),
                 "clone it, and use the clone"};
  checkout.root = real_path(git_repository_workdir(raw)) + "/";
  if (!(project + "/").starts_with(checkout.root))
    return Error{ErrorKind::config, fmt::format("{} is not in the working tree of its repository", directory),
                 ""};
  if (project.size() + 1 > checkout.root.size()) checkout.prefix = project.substr(checkout.root.size()) + "/";
  return checkout;
}

bool is_outside_git(const std::string& directory) {
  start_libgit2();
  git_repository* raw = nullptr;
  const std::string project = real_path(directory.empty() ? "." : directory);
  const int code = git_repository_open_ext(&raw, project.c_str(), 0, nullptr);
  const RepositoryHandle owned(raw);
  return code == GIT_ENOTFOUND && !project.empty();
}

Result<OnDisk> on_disk(const Checkout& checkout, const std::string& path) {
  const std::string absolute = checkout.absolute(path);
  if (is_barred(checkout, path)) return OnDisk{OnDisk::Kind::other, {}};
  struct stat status;
  if (::lstat(absolute.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return OnDisk{};
    return file_error("look at", absolute, errno);
  }
  if (S_ISLNK(status.st_mode)) return link_on_disk(absolute);
  if (S_ISDIR(status.st_mode)) return OnDisk{OnDisk::Kind::directory, {}};
  if (!S_ISREG(status.st_mode)) return OnDisk{OnDisk::Kind::other, {}};
  OnDisk there{OnDisk::Kind::file, {}};
  const int code =
      git_repository_hashfile(&there.id, checkout.get(), absolute.c_str(), GIT_OBJECT_BLOB, path.c_str());
  if (code == GIT_ENOTFOUND) return OnDisk{};  // gone meanwhile
  if (code < 0) return git_error(fmt::format("read {}", path), code);
  return there;
}

bool is_as(const OnDisk& there, const std::optional<TreeItem>& item) {
  if (!item) return there.kind == OnDisk::Kind::missing;
  switch (item->mode) {
    case GIT_FILEMODE_COMMIT:
      return there.kind == OnDisk::Kind::directory || there.kind == OnDisk::Kind::missing;
    case GIT_FILEMODE_LINK:
      return there.kind == OnDisk::Kind::link && same(there.id, item->id);
    default:
      return there.kind == OnDisk::Kind::file && same(there.id, item->id);
  }
}

Result<std::optional<std::string>> content_on_disk(const Checkout& checkout, const std::string& path) {
  auto there = on_disk(checkout, path);
  if (!there.ok()) return there.error();
  if (there->kind != OnDisk::Kind::file) return std::optional<std::string>();
  git_oid id;
  const std::string absolute = checkout.absolute(path);
  if (const int code = git_blob_create_from_workdir(&id, checkout.get(), path.c_str()); code < 0)
    return git_error(fmt::format("read {}", path), code);
  auto content = content_of(checkout.get(), id);
  if (!content.ok()) return content.error();
  return std::optional(*std::move(content));
}

Result<void> stage(const Checkout& checkout, const std::string& path, const TreeItem& item,
                   const std::string& staged) {
  if (item.mode == GIT_FILEMODE_LINK) {
    auto target = content_of(checkout.get(), item.id);
    if (!target.ok()) return target.error();
    (void)::unlink(staged.c_str());
    return ::symlink(target->c_str(), staged.c_str()) == 0 ? success() : file_error("write", staged, errno);
  }
  auto content = checked_out(checkout, path, item.id);
  if (!content.ok()) return content.error();
  return write_durably(staged, *content, item.mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0777 : 0666);
}

Result<void> put_staged(const Checkout& checkout, const std::string& path, const std::string& staged) {
  const std::string absolute = checkout.absolute(path);
  std::error_code problem;
  std::filesystem::create_directories(directory_of(absolute), problem);
  if (problem) return file_error("create the directory of", absolute, problem.value());
  if (::rename(staged.c_str(), absolute.c_str()) != 0) {
    if (errno != EXDEV) return file_error("write", absolute, errno);
    // The repository's data is on another file system than its files.
    const std::string beside = absolute + ".penstock-new";
    std::filesystem::remove(beside, problem);
    std::filesystem::copy(staged, beside, std::filesystem::copy_options::copy_symlinks, problem);
    if (problem) return file_error("write", absolute, problem.value());
    if (::rename(beside.c_str(), absolute.c_str()) != 0) return file_error("write", absolute, errno);
  }
  sync_directory(directory_of(absolute));
  return success();
}

Result<void> remove_file(const Checkout& checkout, const std::string& path) {
  const std::string absolute = checkout.absolute(path);
  if (::unlink(absolute.c_str()) != 0 && errno != ENOENT) return file_error("remove", absolute, errno);
  // The project's own directory stays: a process may stand in it.
  const std::string keep = checkout.root + checkout.prefix;
  std::string directory = directory_of(absolute);
  while (directory.size() > checkout.root.size() && !keep.starts_with(directory + "/") &&
         ::rmdir(directory.c_str()) == 0)
    directory = directory_of(directory);
  sync_directory(directory);
  return success();
}

}  // namespace penstock::repository
