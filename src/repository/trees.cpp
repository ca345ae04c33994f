#include "repository/trees.h"

#include <fmt/format.h>

#include "repository/own_files.h"

namespace penstock::repository {
namespace {

std::optional<TreeItem> item_of(const git_diff_file& file) {
  if (file.mode == GIT_FILEMODE_UNREADABLE) return std::nullopt;
  return TreeItem{file.id, static_cast<git_filemode_t>(file.mode)};
}

Result<void> put_in(git_index* index, const std::string& path, const TreeItem& item) {
  git_index_entry entry{};
  entry.path = path.c_str();
  entry.id = item.id;
  entry.mode = item.mode;
  if (const int code = git_index_add(index, &entry); code < 0)
    return git_error(fmt::format("put {} into a tree", path), code);
  return success();
}

// What `name` of the project holds: a file, or the files of a folder.
Result<void> add_own(git_repository* repository, git_tree* tree, const std::string& prefix,
                     const std::string& name, OwnItems& items) {
  git_tree_entry* raw = nullptr;
  const int code = git_tree_entry_bypath(&raw, tree, (prefix + name).c_str());
  if (code == GIT_ENOTFOUND) return success();
  if (code < 0) return git_error(fmt::format("look up {}", name), code);
  const TreeEntryHandle entry(raw);
  if (git_tree_entry_type(raw) == GIT_OBJECT_BLOB) {
    const auto mode = git_tree_entry_filemode(raw);
    if (is_own_file(name) || mode == GIT_FILEMODE_LINK) items[name] = {*git_tree_entry_id(raw), mode};
    return success();
  }
  if (git_tree_entry_type(raw) != GIT_OBJECT_TREE) return success();
  auto folder = take<TreeHandle>("read a tree", git_tree_lookup, repository, git_tree_entry_id(raw));
  if (!folder.ok()) return folder.error();
  for (size_t i = 0; i < git_tree_entrycount(folder->get()); ++i) {
    const git_tree_entry* each = git_tree_entry_byindex(folder->get(), i);
    const std::string path = name + "/" + git_tree_entry_name(each);
    if (git_tree_entry_type(each) == GIT_OBJECT_BLOB && is_own_file(path))
      items[path] = {*git_tree_entry_id(each), git_tree_entry_filemode(each)};
  }
  return success();
}

}  // namespace

Result<std::vector<PathChange>> changes_between(git_repository* repository, git_tree* before, git_tree* after,
                                                std::span<const std::string> paths) {
  auto options = options_by(git_diff_options_init);
  options.flags = GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_DISABLE_PATHSPEC_MATCH;
  std::vector<char*> specs;
  for (const std::string& path : paths) specs.push_back(const_cast<char*>(path.c_str()));
  options.pathspec = {specs.data(), specs.size()};
  auto diff = take<DiffHandle>("compare two trees", git_diff_tree_to_tree, repository, before, after,
                               static_cast<const git_diff_options*>(&options));
  if (!diff.ok()) return diff.error();
  std::vector<PathChange> changes;
  for (size_t i = 0; i < git_diff_num_deltas(diff->get()); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff->get(), i);
    const char* path = delta->new_file.path != nullptr ? delta->new_file.path : delta->old_file.path;
    const bool added = delta->status == GIT_DELTA_ADDED, removed = delta->status == GIT_DELTA_DELETED;
    changes.push_back({path, added ? std::nullopt : item_of(delta->old_file),
                       removed ? std::nullopt : item_of(delta->new_file)});
  }
  return changes;
}

Result<std::optional<TreeItem>> item_at(const git_tree* tree, const std::string& path) {
  git_tree_entry* raw = nullptr;
  const int code = git_tree_entry_bypath(&raw, tree, path.c_str());
  if (code == GIT_ENOTFOUND) return std::optional<TreeItem>();
  if (code < 0) return git_error(fmt::format("look up {}", path), code);
  const TreeEntryHandle entry(raw);
  if (git_tree_entry_type(raw) == GIT_OBJECT_TREE) return std::optional<TreeItem>();
  return std::optional(TreeItem{*git_tree_entry_id(raw), git_tree_entry_filemode(raw)});
}

Result<TreeHandle> with_changes(git_repository* repository, git_tree* tree,
                                std::span<const PathChange> changes) {
  auto index = take<IndexHandle>("make an index", git_index_new);
  if (!index.ok()) return index.error();
  if (const int code = git_index_read_tree(index->get(), tree); code < 0)
    return git_error("read a tree", code);
  // What is removed first: a file may take the place of a directory.
  for (const PathChange& change : changes)
    if (!change.after) (void)git_index_remove(index->get(), change.path.c_str(), 0);
  for (const PathChange& change : changes)
    if (change.after)
      if (auto put = put_in(index->get(), change.path, *change.after); !put.ok()) return put.error();
  git_oid id;
  if (const int code = git_index_write_tree_to(&id, index->get(), repository); code < 0)
    return git_error("write a tree", code);
  return take<TreeHandle>("read a tree", git_tree_lookup, repository, static_cast<const git_oid*>(&id));
}

Result<std::string> content_of(git_repository* repository, const git_oid& blob) {
  auto read = take<BlobHandle>("read a file of a commit", git_blob_lookup, repository, &blob);
  if (!read.ok()) return read.error();
  return std::string(static_cast<const char*>(git_blob_rawcontent(read->get())),
                     static_cast<size_t>(git_blob_rawsize(read->get())));
}

Result<OwnItems> own_items(git_repository* repository, git_tree* tree, const std::string& prefix) {
  OwnItems items;
  for (const std::string& name : own_names())
    if (auto added = add_own(repository, tree, prefix, name, items); !added.ok()) return added.error();
  // A folder that is a link: whoever needs the files looks behind it.
  return items;
}

}  // namespace penstock::repository
