// Trees of commits: what differs between two, one with some files changed, the project's files in one.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/overlay_disk.h"
#include "repository/git.h"

namespace penstock::repository {

struct TreeItem {
  git_oid id{};
  git_filemode_t mode = GIT_FILEMODE_BLOB;
  bool operator==(const TreeItem& other) const { return same(id, other.id) && mode == other.mode; }
};

// nullopt: not there.
struct PathChange {
  std::string path;  // in the repository
  std::optional<TreeItem> before, after;
};

// By path; each path once. `paths`: only these files or directories; none: all.
Result<std::vector<PathChange>> changes_between(git_repository* repository, git_tree* before, git_tree* after,
                                                std::span<const std::string> paths = {});
// Of a file, not of a directory.
Result<std::optional<TreeItem>> item_at(const git_tree* tree, const std::string& path);
// The tree in which the changed paths are as `after` says.
Result<TreeHandle> with_changes(git_repository* repository, git_tree* tree,
                                std::span<const PathChange> changes);
Result<std::string> content_of(git_repository* repository, const git_oid& blob);

// The project's own files by their paths in the project. `prefix`: of the project in the repository, "" or
// "sub/". Links are among them, as links.
using OwnItems = std::map<std::string, TreeItem, std::less<>>;
Result<OwnItems> own_items(git_repository* repository, git_tree* tree, const std::string& prefix);

}  // namespace penstock::repository
