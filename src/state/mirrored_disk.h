// The state directory of a machine as a mirror of the shared state: what must survive is in the object store
// before it counts, what is read is brought from there.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/disk.h"
#include "state/leases.h"
#include "state/object_store.h"

namespace penstock::state {

// Paths below `root` are mirrored, but for what a run alone needs (tmp/, unfinished files). Where this
// process holds the lease, the files here are the truth and reading asks nobody; elsewhere every look is a
// question to the store. A write goes to the store first, under the fence of its lease, and only then to the
// disk here. Thread-safe. Errors as those of Disk, and of kind `locked` when the lease is lost.
class MirroredDisk final : public Disk {
 public:
  // All three must outlive this. `root` is this process's alone.
  MirroredDisk(Disk& local, std::string root, ObjectStore& store, Leases& leases);

  Result<void> make_directories(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<std::vector<SizedFile>> sizes(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override;
  Result<std::unique_ptr<AppendFile>> append_to(const std::string& path) override;
  Result<void> truncate(const std::string& path, uint64_t size) override;
  Result<void> replace(const std::string& path, std::string_view bytes) override;
  Result<void> replace_private(const std::string& path, std::string_view bytes) override;
  Result<void> keep_private(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> bring(const std::string& path) override;

  // Makes the files of a directory what the store has: for who has just taken its lease.
  Result<void> pull(const std::string& path);
  // The lease that guards a path, as a name; empty: none.
  std::string lease_of(const std::string& path) const;

 private:
  // The name in the store; nullopt: not mirrored.
  std::optional<std::string> name_of(const std::string& path) const;
  std::string path_of(const std::string& name) const { return join_path(root_, name); }
  bool is_ours(const std::string& name) const;
  Result<Fence> fence_for(const std::string& name) const;
  Result<bool> is_same(const ObjectInfo& there);
  Result<void> fetch(const std::string& name);
  Result<bool> bring_file(const std::string& name);
  Result<void> refresh(const std::string& path);
  Result<void> put_in_store(const std::string& path, std::string_view bytes);
  Result<void> pull_files(const std::string& name);

  Disk& local_;
  const std::string root_;
  ObjectStore& store_;
  Leases& leases_;
  std::atomic<uint64_t> fetches_ = 0;
};

// Tells contents apart: 32 hexadecimal digits.
std::string digest_of(std::string_view bytes);

}  // namespace penstock::state
