// One call's turn at the repository: opened, locked, and in order.
#pragma once

#include <string>
#include <vector>

#include "repository/move.h"
#include "repository/network.h"
#include "repository/repository.h"

namespace penstock::repository {

struct Repository::State {
  Disk& disk;
  const Clock& clock;
  std::string directory;
  Settings settings;
  Validate validate;
  Network network;
};

// Held by one call of one process at a time; given up by the system when the process dies.
class RepositoryLock {
 public:
  // Waits for a while. Errors: `locked`, `disk`.
  static Result<RepositoryLock> take(const std::string& path);
  RepositoryLock(RepositoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RepositoryLock& operator=(RepositoryLock&&) = delete;
  ~RepositoryLock();

 private:
  explicit RepositoryLock(int fd) : fd_(fd) {}
  int fd_;
};

struct Turn {
  Checkout checkout;
  RepositoryLock lock;
  std::vector<std::string> notes;  // of what a crash left, and was put in order
};
// Finishes what a crash left.
Result<Turn> take_turn(Repository::State& state);

// The branch that is checked out, if it is the one that the settings mean.
struct Branch {
  std::string name;       // main
  std::string reference;  // refs/heads/main
  git_oid head{};
};
// Errors: `config`, also when a person is in the middle of a merge or the like.
Result<Branch> branch_of(const Checkout& checkout, const Settings& settings);
// What a person is in the middle of: "a merge". Empty: nothing.
std::string busy_with(git_repository* repository);
// refs/remotes/origin/main
std::string tracking_of(const Settings& settings, const std::string& branch);

// Our own files in the directory that differ from the commit's, and from the index.
Result<std::vector<ChangedFile>> uncommitted(const Checkout& checkout, git_tree* tree);

// The project's own files of a tree; what is a link there is read from the directory.
Result<OverlayDisk::Files> files_of_tree(const Checkout& checkout, git_tree* tree);

// What is wrong with the project as the tree has it, and as it would be in the directory with what `head` has
// not: that is what would take effect.
struct Judgement {
  Diagnostics diagnostics;
  std::string with;  // "with the uncommitted changes of syncs/a.yaml"; empty: the tree by itself
};
Result<Judgement> judge(Repository::State& state, const Checkout& checkout, git_tree* tree, git_tree* head);

Commit describe(const git_commit* commit);
// penstock/conflict-..., here.
Result<std::vector<std::string>> set_aside_branches(const Checkout& checkout);

Result<SignatureHandle> signature_of(const Clock& clock, const Person& person);

// A commit of `changes` on the branch, if all is well; `yours` tells conflicts what the edit wanted.
Result<CommitReport> commit_changes(Repository::State& state, Turn& turn, const Branch& branch,
                                    const std::vector<PathChange>& changes, const Person& author,
                                    const std::string& message);

}  // namespace penstock::repository
