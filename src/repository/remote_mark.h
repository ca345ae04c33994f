// That this process is talking with the remote. libgit2 locks the references that it moves by files, which
// stay when the process is killed, and then keep everybody from fetching; whoever comes next takes those of
// the dead away.
#pragma once

#include "base/disk.h"
#include "repository/checkout.h"

namespace penstock::repository {

// There while it lives: .git/penstock/remote-PID.
class RemoteMark {
 public:
  static Result<RemoteMark> set(Disk& disk, const Checkout& checkout);
  RemoteMark(RemoteMark&& other) noexcept : disk_(other.disk_), path_(std::exchange(other.path_, "")) {}
  RemoteMark& operator=(RemoteMark&&) = delete;
  ~RemoteMark();

 private:
  RemoteMark(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Disk& disk_;
  std::string path_;
};

// Removes what processes left that died while they were at it: their marks, and the locks of references of
// remotes. Locks of people's own git stay: they leave no mark.
Result<void> clear_after_the_dead(Disk& disk, const Checkout& checkout);

// References below refs/penstock/ are moved by us alone, under the repository's lock: locks that whoever
// holds that one finds are of the dead.
void remove_own_locks(const Checkout& checkout);

}  // namespace penstock::repository
