// The branch, the directory and the index go from one commit to another together, or not at all.
//
//     record what is meant ─▶ stage the files ─▶ the branch, if it is still where it was ─▶ rename the files
//     into place ─▶ the index ─▶ forget the record
//
// Whoever finds a record finishes what it says, if the branch has moved, or takes it back.
#pragma once

#include <string>
#include <vector>

#include "base/disk.h"
#include "base/time.h"
#include "repository/checkout.h"

namespace penstock::repository {

// A commit is nowhere else yet, and must not be lost; what is pulled is at the remote.
enum class MoveKind { commit, pull };

struct Move {
  MoveKind kind = MoveKind::commit;
  std::string branch;  // refs/heads/main
  git_oid from{}, to{};
  std::string log;  // of the reflog
};

// Why a path cannot be written: something is there that no commit has.
struct Obstacle {
  std::string path;  // in the repository
  std::string why;   // "has changes that are not committed"
};
Result<std::vector<Obstacle>> obstacles(const Checkout& checkout, const std::vector<PathChange>& changes);

// `changes` are those between the trees of `from` and `to`, and have no obstacles. Errors: `locked` (another
// process moves the branch or has the index: nothing was done), `disk`. Notes tell what was left alone.
Result<void> make_move(Disk& disk, const Checkout& checkout, const Move& move,
                       const std::vector<PathChange>& changes, std::vector<std::string>& notes);
// Finishes or takes back what a crash left. Before anything else is done under the lock.
Result<void> finish_move(Disk& disk, const Clock& clock, const Checkout& checkout,
                         std::vector<std::string>& notes);

// "penstock/conflict-20261127-1415-0123abc", a branch at `commit`; there from now on.
Result<std::string> set_aside(const Clock& clock, const Checkout& checkout, const git_oid& commit);

}  // namespace penstock::repository
