#include "repository/replay.h"

#include <fmt/format.h>

#include <set>

namespace penstock::repository {
namespace {

// Files that may not be touched any more, and what upstream made of them.
class Taken {
 public:
  void add(const PathChange& change) { by_path_[change.path] = change.after; }
  void add_unknown(const std::string& path) { by_path_[path] = Nobody{}; }

  // Whether this change is in the way of what was taken; a change to the same is none.
  bool bars(const PathChange& change) const {
    const auto found = by_path_.find(change.path);
    if (found != by_path_.end()) {
      const auto* after = std::get_if<std::optional<TreeItem>>(&found->second);
      return after == nullptr || *after != change.after;
    }
    // A file where the other has a directory, or the other way round.
    const auto below = by_path_.lower_bound(change.path + "/");
    if (below != by_path_.end() && below->first.starts_with(change.path + "/")) return true;
    for (size_t slash = change.path.find('/'); slash != std::string::npos;
         slash = change.path.find('/', slash + 1))
      if (by_path_.contains(change.path.substr(0, slash))) return true;
    return false;
  }

 private:
  struct Nobody {};
  std::map<std::string, std::variant<std::optional<TreeItem>, Nobody>> by_path_;
};

Result<std::vector<PathChange>> changes_of_commit(git_repository* repository, const git_commit* commit) {
  auto parent = take<CommitHandle>("read a commit", git_commit_parent, commit, 0u);
  if (!parent.ok()) return parent.error();
  auto before = tree_of(parent->get()), after = tree_of(commit);
  if (!before.ok()) return before.error();
  if (!after.ok()) return after.error();
  return changes_between(repository, before->get(), after->get());
}

Result<git_oid> commit_on(git_repository* repository, const git_commit* like, const git_tree* tree,
                          const git_commit* parent) {
  git_oid id;
  const git_commit* parents[] = {parent};
  const int code =
      git_commit_create(&id, repository, nullptr, git_commit_author(like), git_commit_committer(like),
                        git_commit_message_encoding(like), git_commit_message_raw(like), tree, 1, parents);
  if (code < 0) return git_error("make a commit anew", code);
  return id;
}

class Replaying {
 public:
  Replaying(git_repository* repository, const git_oid& upstream) : repository_(repository) {
    out_.head = upstream;
  }

  Result<void> begin(const git_oid& base) {
    auto from = commit_of(repository_, base), to = commit_of(repository_, out_.head);
    if (!from.ok()) return from.error();
    if (!to.ok()) return to.error();
    auto before = tree_of(from->get()), after = tree_of(to->get());
    if (!before.ok()) return before.error();
    if (!after.ok()) return after.error();
    auto theirs = changes_between(repository_, before->get(), after->get());
    if (!theirs.ok()) return theirs.error();
    for (const PathChange& change : *theirs) taken_.add(change);
    return success();
  }

  Result<void> carry(const git_oid& id) {
    auto commit = commit_of(repository_, id);
    if (!commit.ok()) return commit.error();
    auto changes = changes_of_commit(repository_, commit->get());
    if (!changes.ok()) return changes.error();
    if (leave_if_barred(id, *changes)) return success();
    auto parent = commit_of(repository_, out_.head);
    if (!parent.ok()) return parent.error();
    auto tree = tree_of(parent->get());
    if (!tree.ok()) return tree.error();
    auto made = with_changes(repository_, tree->get(), *changes);
    if (!made.ok()) return made.error();
    if (same(*git_tree_id(made->get()), *git_tree_id(tree->get()))) return success();  // is there already
    auto anew = commit_on(repository_, commit->get(), made->get(), parent->get());
    if (!anew.ok()) return anew.error();
    out_.head = *anew;
    ++out_.carried;
    return success();
  }

  Replayed result() && {
    out_.common.assign(common_.begin(), common_.end());
    return std::move(out_);
  }

 private:
  bool leave_if_barred(const git_oid& id, const std::vector<PathChange>& changes) {
    bool barred = false;
    for (const PathChange& change : changes)
      if (taken_.bars(change)) {
        barred = true;
        common_.insert(change.path);
      }
    if (!barred) return false;
    // What is built on it cannot go without it.
    for (const PathChange& change : changes) taken_.add_unknown(change.path);
    out_.left.push_back(id);
    return true;
  }

  git_repository* repository_;
  Taken taken_;
  std::set<std::string> common_;
  Replayed out_;
};

}  // namespace

Result<std::vector<git_oid>> unpushed_commits(git_repository* repository, const git_oid& head,
                                              const git_oid& upstream, const git_oid& base) {
  auto walk = take<WalkHandle>("read the history", git_revwalk_new, repository);
  if (!walk.ok()) return walk.error();
  git_revwalk_sorting(walk->get(), GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
  int code = git_revwalk_push(walk->get(), &head);
  if (code >= 0) code = git_revwalk_hide(walk->get(), &upstream);
  if (code >= 0) code = git_revwalk_hide(walk->get(), &base);
  std::vector<git_oid> commits;
  git_oid id;
  while (code >= 0 && (code = git_revwalk_next(&id, walk->get())) == 0) commits.push_back(id);
  if (code < 0 && code != GIT_ITEROVER) return git_error("read the history", code);
  for (const git_oid& each : commits) {
    auto commit = commit_of(repository, each);
    if (!commit.ok()) return commit.error();
    if (git_commit_parentcount(commit->get()) != 1)
      return Error{ErrorKind::config,
                   fmt::format("the commit {} is a merge and not pushed yet", hex_of(each).substr(0, 7)),
                   "pull and push it with git"};
  }
  return commits;
}

Result<Replayed> replay(git_repository* repository, const std::vector<git_oid>& commits, const git_oid& base,
                        const git_oid& upstream) {
  Replaying replaying(repository, upstream);
  if (auto begun = replaying.begin(base); !begun.ok()) return begun.error();
  for (const git_oid& commit : commits)
    if (auto carried = replaying.carry(commit); !carried.ok()) return carried.error();
  return std::move(replaying).result();
}

}  // namespace penstock::repository
