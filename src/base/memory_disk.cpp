#include "base/memory_disk.h"

#include <algorithm>

namespace penstock {
namespace {

Error no_such(std::string_view doing, const std::string& path) {
  return {ErrorKind::disk, "cannot " + std::string(doing) + " " + path + ": No such file or directory", ""};
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

class CopiedFile final : public MappedFile {
 public:
  explicit CopiedFile(std::string_view bytes)
      : bytes_(std::make_unique_for_overwrite<std::byte[]>(bytes.size())), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(bytes_.get()));
  }
  std::span<const std::byte> bytes() const override { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  size_t size_;
};

}  // namespace

struct MemoryDisk::Contents {
  std::mutex lock;
  std::string bytes;
};

class MemoryDisk::File final : public AppendFile {
 public:
  explicit File(std::shared_ptr<Contents> contents) : contents_(std::move(contents)) {}
  Result<void> append(std::string_view bytes) override {
    const std::lock_guard held(contents_->lock);
    contents_->bytes += bytes;
    return success();
  }
  Result<void> sync() override { return success(); }
  uint64_t size() const override {
    const std::lock_guard held(contents_->lock);
    return contents_->bytes.size();
  }

 private:
  std::shared_ptr<Contents> contents_;
};

Result<std::shared_ptr<MemoryDisk::Contents>> MemoryDisk::find(std::string_view doing,
                                                               const std::string& path) {
  const std::lock_guard held(lock_);
  const auto found = files_.find(path);
  if (found == files_.end()) return no_such(doing, path);
  return found->second;
}

Result<void> MemoryDisk::check_parent(const std::string& path) const {
  const std::string parent = parent_of(path);
  if (parent.empty() || directories_.contains(parent)) return success();
  return no_such("open", path);
}

Result<void> MemoryDisk::make_directories(const std::string& path) {
  const std::lock_guard held(lock_);
  for (std::string at = path; !at.empty() && directories_.insert(at).second;) at = parent_of(at);
  return success();
}

Result<bool> MemoryDisk::exists(const std::string& path) {
  const std::lock_guard held(lock_);
  return files_.contains(path) || directories_.contains(path);
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& path) {
  const std::lock_guard held(lock_);
  if (!directories_.contains(path)) return no_such("list", path);
  std::vector<std::string> names;
  for (const auto& [file, contents] : files_)
    if (parent_of(file) == path) names.push_back(file.substr(path.size() + 1));
  for (const std::string& directory : directories_)
    if (parent_of(directory) == path) names.push_back(directory.substr(path.size() + 1));
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> MemoryDisk::read(const std::string& path) {
  auto contents = find("read", path);
  if (!contents.ok()) return contents.error();
  const std::lock_guard held((*contents)->lock);
  return (*contents)->bytes;
}

Result<std::unique_ptr<MappedFile>> MemoryDisk::map(const std::string& path) {
  auto contents = find("map", path);
  if (!contents.ok()) return contents.error();
  const std::lock_guard held((*contents)->lock);
  return std::unique_ptr<MappedFile>(std::make_unique<CopiedFile>((*contents)->bytes));
}

Result<std::unique_ptr<AppendFile>> MemoryDisk::append_to(const std::string& path) {
  const std::lock_guard held(lock_);
  if (auto parent = check_parent(path); !parent.ok()) return parent.error();
  auto& contents = files_[path];
  if (!contents) contents = std::make_shared<Contents>();
  return std::unique_ptr<AppendFile>(std::make_unique<File>(contents));
}

Result<void> MemoryDisk::truncate(const std::string& path, uint64_t size) {
  auto contents = find("truncate", path);
  if (!contents.ok()) return contents.error();
  const std::lock_guard held((*contents)->lock);
  (*contents)->bytes.resize(size);
  return success();
}

Result<void> MemoryDisk::replace(const std::string& path, std::string_view bytes) {
  const std::lock_guard held(lock_);
  if (auto parent = check_parent(path); !parent.ok()) return parent;
  auto contents = std::make_shared<Contents>();
  contents->bytes = bytes;
  files_[path] = std::move(contents);
  return success();
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard held(lock_);
  const auto found = files_.find(from);
  if (found == files_.end()) return no_such("rename", from);
  if (auto parent = check_parent(to); !parent.ok()) return parent;
  auto contents = found->second;
  files_.erase(found);
  files_[to] = std::move(contents);
  return success();
}

Result<void> MemoryDisk::remove(const std::string& path) {
  const std::lock_guard held(lock_);
  const auto covers = [inside = path + "/", &path](const std::string& name) {
    return name == path || name.starts_with(inside);
  };
  std::erase_if(files_, [&](const auto& file) { return covers(file.first); });
  std::erase_if(directories_, covers);
  return success();
}

}  // namespace penstock
