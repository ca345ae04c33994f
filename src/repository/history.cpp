// The commits that touched the project's files.
#include <fmt/format.h>

#include "repository/own_files.h"
#include "repository/turn.h"

namespace penstock::repository {
namespace {

constexpr size_t kDiffBytesMax = 1u << 20;

// The id of whatever a path is in a tree: a file, a directory, or nothing.
std::string id_at(const git_tree* tree, const std::string& path) {
  git_tree_entry* raw = nullptr;
  if (tree == nullptr || git_tree_entry_bypath(&raw, tree, path.c_str()) < 0) return "";
  const TreeEntryHandle entry(raw);
  return hex_of(*git_tree_entry_id(raw));
}

class HistoryWalk {
 public:
  HistoryWalk(const Checkout& checkout, const HistoryRequest& request)
      : checkout_(checkout), request_(request) {
    for (const std::string& path : request.paths) paths_.push_back(checkout.prefix + path);
    follows_ = paths_.size() == 1;
    if (request.paths.empty())
      for (const std::string& name : own_names()) paths_.push_back(checkout.prefix + name);
  }

  Result<std::vector<HistoryEntry>> walk(const git_oid& from) {
    auto walk = take<WalkHandle>("read the history", git_revwalk_new, checkout_.get());
    if (!walk.ok()) return walk.error();
    git_revwalk_sorting(walk->get(), GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
    int code = git_revwalk_push(walk->get(), &from);
    git_oid id;
    while (code >= 0 && entries_.size() < request_.limit && (code = git_revwalk_next(&id, walk->get())) == 0)
      if (auto looked = look(id); !looked.ok()) return looked.error();
    if (code < 0 && code != GIT_ITEROVER) return git_error("read the history", code);
    return std::move(entries_);
  }

 private:
  // A commit counts when its files are those of none of its parents.
  Result<void> look(const git_oid& id) {
    auto commit = commit_of(checkout_.get(), id);
    if (!commit.ok()) return commit.error();
    auto tree = tree_of(commit->get());
    if (!tree.ok()) return tree.error();
    TreeHandle first;
    const unsigned parents = git_commit_parentcount(commit->get());
    for (unsigned i = 0; i < parents; ++i) {
      auto parent = take<CommitHandle>("read a commit", git_commit_parent,
                                       static_cast<const git_commit*>(commit->get()), i);
      // A clone with a short history ends here.
      if (!parent.ok()) break;
      auto before = tree_of(parent->get());
      if (!before.ok()) return before.error();
      if (is_same(before->get(), tree->get())) return success();
      if (i == 0) first = *std::move(before);
    }
    if (first == nullptr && is_same(nullptr, tree->get())) return success();
    return add(commit->get(), first.get(), tree->get());
  }

  bool is_same(const git_tree* before, const git_tree* after) const {
    for (const std::string& path : paths_)
      if (id_at(before, path) != id_at(after, path)) return false;
    return true;
  }

  Result<void> add(git_commit* commit, git_tree* before, git_tree* after) {
    auto options = options_by(git_diff_options_init);
    options.flags = GIT_DIFF_DISABLE_PATHSPEC_MATCH;
    // A rename is seen only where both names are looked at.
    const bool appears = follows_ && id_at(before, paths_[0]).empty();
    std::vector<char*> specs;
    if (!appears)
      for (std::string& path : paths_) specs.push_back(path.data());
    options.pathspec = {specs.data(), specs.size()};
    auto diff = take<DiffHandle>("compare two commits", git_diff_tree_to_tree, checkout_.get(), before, after,
                                 static_cast<const git_diff_options*>(&options));
    if (!diff.ok()) return diff.error();
    HistoryEntry entry{describe(commit), {}, ""};
    if (appears) return add_appearance(diff->get(), std::move(entry));
    for (size_t i = 0; i < git_diff_num_deltas(diff->get()); ++i)
      add_file(*git_diff_get_delta(diff->get(), i), entry);
    if (request_.diffs) {
      Buffer text;
      if (const int code = git_diff_to_buf(text.get(), diff->get(), GIT_DIFF_FORMAT_PATCH); code < 0)
        return git_error("print a difference", code);
      entry.diff = shortened_diff(text.text());
    }
    if (!entry.changed.empty()) entries_.push_back(std::move(entry));
    return success();
  }

  // Where the file that is followed came from: another file, or nowhere.
  Result<void> add_appearance(git_diff* diff, HistoryEntry entry) {
    auto find = options_by(git_diff_find_options_init);
    find.flags = GIT_DIFF_FIND_RENAMES;
    if (const int code = git_diff_find_similar(diff, &find); code < 0) return git_error("find renames", code);
    for (size_t i = 0; i < git_diff_num_deltas(diff); ++i) {
      const git_diff_delta* delta = git_diff_get_delta(diff, i);
      if (paths_[0] != delta->new_file.path || delta->status == GIT_DELTA_DELETED) continue;
      add_file(*delta, entry);
      if (request_.diffs) {
        auto patch =
            take<Owned<git_patch, git_patch_free>>("print a difference", git_patch_from_diff, diff, i);
        Buffer text;
        if (!patch.ok() || git_patch_to_buf(text.get(), patch->get()) < 0)
          return git_error("print a difference", GIT_ERROR);
        entry.diff = shortened_diff(text.text());
      }
      entries_.push_back(std::move(entry));
      if (delta->status == GIT_DELTA_RENAMED) paths_[0] = delta->old_file.path;
      return success();
    }
    return success();
  }

  void add_file(const git_diff_delta& delta, HistoryEntry& entry) const {
    std::string path = delta.new_file.path;
    if (!path.starts_with(checkout_.prefix)) return;
    path.erase(0, checkout_.prefix.size());
    const auto kind = delta.status == GIT_DELTA_ADDED     ? ChangedFile::Kind::added
                      : delta.status == GIT_DELTA_DELETED ? ChangedFile::Kind::removed
                                                          : ChangedFile::Kind::modified;
    if (is_own_file(path) || !request_.paths.empty()) entry.changed.push_back({std::move(path), kind});
  }

  static std::string shortened_diff(std::string text) {
    if (text.size() <= kDiffBytesMax) return text;
    text.resize(text.rfind('\n', kDiffBytesMax) + 1);
    return text + "... (the rest of a long difference is left out)\n";
  }

  const Checkout& checkout_;
  const HistoryRequest& request_;
  std::vector<std::string> paths_;  // of the repository, as they were at the commit that is looked at
  bool follows_ = false;
  std::vector<HistoryEntry> entries_;
};

}  // namespace

Result<std::vector<HistoryEntry>> Repository::history(HistoryRequest request) {
  for (const std::string& path : request.paths)
    if (auto own = check_own_path(path); !own.ok()) return own.error();
  auto from = find(request.revision);
  if (!from.ok()) return from.error();
  auto checkout = open_checkout(state_->directory);
  if (!checkout.ok()) return checkout.error();
  return HistoryWalk(*checkout, request).walk(*id_of(from->id));
}

}  // namespace penstock::repository
