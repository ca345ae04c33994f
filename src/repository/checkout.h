// The working tree: what lies in the directory, and how files of commits get there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repository/trees.h"

namespace penstock::repository {

// A repository opened for one call: libgit2's objects are not to be shared by threads.
struct Checkout {
  RepositoryHandle handle;
  std::string root;           // ends in '/'
  std::string git_directory;  // ends in '/'
  std::string prefix;         // of the project in the repository: "" or "sub/"

  git_repository* get() const { return handle.get(); }
  std::string absolute(const std::string& path) const { return root + path; }
  // Our own place in the repository: locks, what is under way.
  std::string own(const std::string& name) const { return git_directory + "penstock/" + name; }
};
// An error of kind `config` when the directory is not in a repository with a working tree.
Result<Checkout> open_checkout(const std::string& directory);

// Whether there is none, and nothing else is wrong.
bool is_outside_git(const std::string& directory);

struct OnDisk {
  enum class Kind { missing, file, link, directory, other };
  Kind kind = Kind::missing;
  git_oid id{};  // of a file or link: the blob that it would be
};
// `path` is of the repository. A link on the way to it counts as `other`: nothing is followed.
Result<OnDisk> on_disk(const Checkout& checkout, const std::string& path);
// Whether the directory holds what a commit says. Rights are not compared; a repository in the repository is
// left alone, and so never differs.
bool is_as(const OnDisk& there, const std::optional<TreeItem>& item);
// As a commit would have it (line ends, ...). nullopt: there is no such file.
Result<std::optional<std::string>> content_on_disk(const Checkout& checkout, const std::string& path);

// Puts a blob's content, as it is to lie in the directory, into a file of our own; durable.
Result<void> stage(const Checkout& checkout, const std::string& path, const TreeItem& item,
                   const std::string& staged);
// Renames it into its place; makes directories.
Result<void> put_staged(const Checkout& checkout, const std::string& path, const std::string& staged);
// Removes a file, and the directories that are empty then.
Result<void> remove_file(const Checkout& checkout, const std::string& path);

}  // namespace penstock::repository
