#include "state/mirrored_disk.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <set>

#include "state/lease_names.h"

namespace penstock::state {
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Files that only grow, and count while they do: each step of theirs is in the store. All others count once
// they are complete and get their name.
bool grows(std::string_view name) {
  return name.ends_with("/journal");
}

bool is_scratch(std::string_view name) {
  return name.starts_with("tmp/") || name == "tmp" || name.starts_with("limits") ||
         name.starts_with("penstock.db") || name.ends_with(".new") || name.ends_with(".tmp") ||
         name.ends_with(".wal") || name.ends_with("lock");
}

Error not_held(const std::string& lease) {
  return {ErrorKind::locked, fmt::format("the lease of {} is not held", lease), "run the same command again"};
}

class MirroredAppend final : public AppendFile {
 public:
  MirroredAppend(std::unique_ptr<AppendFile> file, ObjectStore& store, std::string name,
                 std::shared_ptr<Lease> lease, uint64_t stored)
      : file_(std::move(file)),
        store_(store),
        name_(std::move(name)),
        lease_(std::move(lease)),
        stored_(stored) {}

  Result<void> append(std::string_view bytes) override {
    pending_ += bytes;
    return file_->append(bytes);
  }
  // The file here is a copy: it need not survive this machine.
  Result<void> sync() override {
    if (stored_ > 0 && pending_.empty()) return success();
    auto stored = stored_ == 0 ? store_.put(name_, pending_, "", lease_->fence())
                               : store_.append(name_, stored_, pending_, lease_->fence());
    if (!stored.ok()) return stored;
    stored_ += pending_.size();
    pending_.clear();
    return success();
  }
  uint64_t size() const override { return file_->size(); }
  std::optional<Error> lost() const override { return lease_->lost(); }

 private:
  std::unique_ptr<AppendFile> file_;
  ObjectStore& store_;
  std::string name_;
  std::shared_ptr<Lease> lease_;
  uint64_t stored_;
  std::string pending_;
};

}  // namespace

std::string digest_of(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

MirroredDisk::MirroredDisk(Disk& local, std::string root, ObjectStore& store, Leases& leases)
    : local_(local), root_(std::move(root)), store_(store), leases_(leases) {}

std::optional<std::string> MirroredDisk::name_of(const std::string& path) const {
  if (!path.starts_with(root_ + "/")) return std::nullopt;
  std::string name = path.substr(root_.size() + 1);
  if (is_scratch(name)) return std::nullopt;
  return name;
}

std::string MirroredDisk::lease_of(const std::string& path) const {
  std::string_view rest(path);
  if (rest.starts_with(root_ + "/")) rest.remove_prefix(root_.size() + 1);
  return lease_of_name(rest);
}

bool MirroredDisk::is_ours(const std::string& name) const {
  return name.starts_with("syncs/") && leases_.held(lease_of(name)) != nullptr;
}

Result<Fence> MirroredDisk::fence_for(const std::string& name) const {
  const std::string lease = lease_of(name);
  if (lease.empty()) return Fence{};
  const auto held = leases_.held(lease);
  if (!held) return not_held(lease);
  return held->fence();
}

Result<bool> MirroredDisk::is_same(const ObjectInfo& there) {
  const std::string path = path_of(there.name);
  auto here = local_.exists(path);
  if (!here.ok() || !*here) return here;
  auto file = local_.map(path);
  if (!file.ok()) return file.error();
  const std::string_view bytes = text_of((*file)->bytes());
  if (bytes.size() != there.size) return false;
  if (is_history_name(there.name)) return true;
  return !there.digest.empty() && digest_of(bytes) == there.digest;
}

Result<void> MirroredDisk::fetch(const std::string& name) {
  const std::string path = path_of(name), temporary = fmt::format("{}.{}.new", path, ++fetches_);
  if (auto made = local_.make_directories(path.substr(0, path.rfind('/'))); !made.ok()) return made;
  std::unique_ptr<AppendFile> file;
  const ObjectStore::Reader reader{.begin = [&]() -> Result<void> {
                                     file.reset();
                                     if (auto removed = local_.remove(temporary); !removed.ok())
                                       return removed;
                                     auto opened = local_.append_to(temporary);
                                     if (!opened.ok()) return opened.error();
                                     file = *std::move(opened);
                                     return success();
                                   },
                                   .take = [&](std::string_view part) { return file->append(part); }};
  auto read = store_.read(name, reader);
  file.reset();
  if (!read.ok() || !*read) {
    (void)local_.remove(temporary);
    return read.ok() ? local_.remove(path) : read.error();
  }
  return local_.rename(temporary, path);
}

// One file, where the truth is not here; false: the store has no such file.
Result<bool> MirroredDisk::bring_file(const std::string& name) {
  auto there = store_.find(name);
  if (!there.ok()) return there.error();
  if (!*there) return false;
  auto same = is_same(**there);
  if (!same.ok()) return same.error();
  if (!*same)
    if (auto fetched = fetch(name); !fetched.ok()) return fetched.error();
  return true;
}

Result<void> MirroredDisk::refresh(const std::string& path) {
  const auto name = name_of(path);
  if (!name || is_ours(*name)) return success();
  auto brought = bring_file(*name);
  if (!brought.ok()) return brought.error();
  return *brought ? success() : local_.remove(path);
}

Result<void> MirroredDisk::pull_files(const std::string& name) {
  auto objects = store_.list(name);
  if (!objects.ok()) return objects.error();
  std::set<std::string> wanted, directories;
  for (const auto& object : *objects) {
    wanted.insert(object.name);
    for (size_t slash = object.name.find('/', name.size() + 1); slash != std::string::npos;
         slash = object.name.find('/', slash + 1))
      directories.insert(object.name.substr(0, slash));
    auto same = is_same(object);
    if (!same.ok()) return same.error();
    if (!*same)
      if (auto fetched = fetch(object.name); !fetched.ok()) return fetched;
  }
  // What was removed elsewhere, and what a run that was lost left here.
  std::vector<std::string> open{name};
  while (!open.empty()) {
    const std::string directory = open.back();
    open.pop_back();
    auto there = local_.exists(path_of(directory));
    if (!there.ok()) return there.error();
    if (!*there) continue;
    auto names = local_.list(path_of(directory));
    if (!names.ok()) return names.error();
    for (const auto& entry : *names) {
      const std::string inner = join_path(directory, entry);
      if (directories.contains(inner)) {
        open.push_back(inner);
      } else if (!wanted.contains(inner)) {
        if (auto removed = local_.remove(path_of(inner)); !removed.ok()) return removed;
      }
    }
  }
  return success();
}

Result<void> MirroredDisk::pull(const std::string& path) {
  const auto name = name_of(path);
  return name ? pull_files(*name) : success();
}

Result<void> MirroredDisk::bring(const std::string& path) {
  const auto name = name_of(path);
  if (!name || is_ours(*name)) return success();
  auto brought = bring_file(*name);
  if (!brought.ok()) return brought.error();
  return *brought ? success() : pull_files(*name);
}

Result<void> MirroredDisk::make_directories(const std::string& path) {
  return local_.make_directories(path);
}

Result<bool> MirroredDisk::exists(const std::string& path) {
  const auto name = name_of(path);
  if (!name || is_ours(*name)) return local_.exists(path);
  auto there = store_.find(*name);
  if (!there.ok()) return there.error();
  if (*there) return true;
  auto below = store_.list(*name);
  if (!below.ok()) return below.error();
  return !below->empty();
}

Result<std::vector<std::string>> MirroredDisk::list(const std::string& path) {
  const auto name = name_of(path);
  if (!name || is_ours(*name)) return local_.list(path);
  auto below = store_.list(*name);
  if (!below.ok()) return below.error();
  if (below->empty()) {
    auto itself = store_.find(*name);
    if (!itself.ok()) return itself.error();
    return *itself ? local_.list(path) : std::vector<std::string>();  // of a file: the error that it is none
  }
  std::set<std::string> names;
  for (const auto& object : *below) {
    const std::string inner = object.name.substr(name->size() + 1);
    names.insert(inner.substr(0, inner.find('/')));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<SizedFile>> MirroredDisk::sizes(const std::string& path) {
  const auto name = name_of(path);
  if (!name || is_ours(*name)) return local_.sizes(path);
  auto below = store_.list(*name);
  if (!below.ok()) return below.error();
  std::vector<SizedFile> files;
  for (const auto& object : *below)
    if (std::string inner = object.name.substr(name->size() + 1); inner.find('/') == std::string::npos)
      files.push_back({std::move(inner), object.size});
  return files;
}

Result<std::string> MirroredDisk::read(const std::string& path) {
  if (auto refreshed = refresh(path); !refreshed.ok()) return refreshed.error();
  return local_.read(path);
}

Result<std::unique_ptr<MappedFile>> MirroredDisk::map(const std::string& path) {
  if (auto refreshed = refresh(path); !refreshed.ok()) return refreshed.error();
  return local_.map(path);
}

Result<std::unique_ptr<AppendFile>> MirroredDisk::append_to(const std::string& path) {
  const auto name = name_of(path);
  if (!name || !grows(*name)) return local_.append_to(path);
  auto lease = leases_.held(lease_of(*name));
  if (!lease) return not_held(lease_of(*name));
  auto there = store_.find(*name);
  if (!there.ok()) return there.error();
  auto file = local_.append_to(path);
  if (!file.ok()) return file.error();
  const uint64_t stored = *there ? (*there)->size : 0;
  if ((*file)->size() != stored)
    return Error{ErrorKind::disk, fmt::format("{} is not what the shared state has", path),
                 "run the same command again: it is brought anew"};
  return std::unique_ptr<AppendFile>(
      std::make_unique<MirroredAppend>(*std::move(file), store_, *name, std::move(lease), stored));
}

// Only recovery does this, on a journal: its torn tail is small, or there is none.
Result<void> MirroredDisk::truncate(const std::string& path, uint64_t size) {
  const auto name = name_of(path);
  if (!name) return local_.truncate(path, size);
  auto fence = fence_for(*name);
  if (!fence.ok()) return fence.error();
  auto bytes = local_.read(path);
  if (!bytes.ok()) return bytes.error();
  if (auto put = store_.put(*name, std::string_view(*bytes).substr(0, size), "", *fence); !put.ok())
    return put;
  return local_.truncate(path, size);
}

// What `path` is from now on; nothing to do where it is not mirrored.
Result<void> MirroredDisk::put_in_store(const std::string& path, std::string_view bytes) {
  const auto name = name_of(path);
  if (!name) return success();
  auto fence = fence_for(*name);
  if (!fence.ok()) return fence.error();
  return store_.put(*name, bytes, digest_of(bytes), *fence);
}

Result<void> MirroredDisk::replace(const std::string& path, std::string_view bytes) {
  if (auto put = put_in_store(path, bytes); !put.ok()) return put;
  return local_.replace(path, bytes);
}

Result<void> MirroredDisk::replace_private(const std::string& path, std::string_view bytes) {
  if (auto put = put_in_store(path, bytes); !put.ok()) return put;
  return local_.replace_private(path, bytes);
}

Result<void> MirroredDisk::keep_private(const std::string& path) {
  return local_.keep_private(path);
}

Result<void> MirroredDisk::rename(const std::string& from, const std::string& to) {
  if (name_of(to)) {
    auto file = local_.map(from);
    if (!file.ok()) return file.error();
    if (auto put = put_in_store(to, text_of((*file)->bytes())); !put.ok()) return put;
  }
  return local_.rename(from, to);
}

Result<void> MirroredDisk::remove(const std::string& path) {
  if (const auto name = name_of(path)) {
    auto fence = fence_for(*name);
    if (!fence.ok()) return fence.error();
    if (auto removed = store_.remove(*name, *fence); !removed.ok()) return removed;
  }
  return local_.remove(path);
}

}  // namespace penstock::state
