// libgit2's objects as owning types, its codes as Errors. Used inside this folder only.
#pragma once

#include <git2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace penstock::repository {

template <auto free_it>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    free_it(object);
  }
};
template <class T, auto free_it>
using Owned = std::unique_ptr<T, Freeing<free_it>>;

using RepositoryHandle = Owned<git_repository, git_repository_free>;
using ReferenceHandle = Owned<git_reference, git_reference_free>;
using CommitHandle = Owned<git_commit, git_commit_free>;
using TreeHandle = Owned<git_tree, git_tree_free>;
using TreeEntryHandle = Owned<git_tree_entry, git_tree_entry_free>;
using BlobHandle = Owned<git_blob, git_blob_free>;
using ObjectHandle = Owned<git_object, git_object_free>;
using IndexHandle = Owned<git_index, git_index_free>;
using DiffHandle = Owned<git_diff, git_diff_free>;
using RemoteHandle = Owned<git_remote, git_remote_free>;
using WalkHandle = Owned<git_revwalk, git_revwalk_free>;
using SignatureHandle = Owned<git_signature, git_signature_free>;

// A text that libgit2 owns.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { git_buf_dispose(&buffer_); }
  git_buf* get() { return &buffer_; }
  std::string text() const { return {buffer_.ptr, buffer_.size}; }

 private:
  git_buf buffer_ = GIT_BUF_INIT;
};

// Once for the process; before anything else of libgit2.
void start_libgit2();

// What the last call on this thread said. The kind follows the code.
Error git_error(std::string_view doing, int code);

// Calls a function of libgit2 that gives an object by its first parameter.
template <class H, class... P, class... A>
Result<H> take(std::string_view doing, int (*call)(typename H::pointer*, P...), A... arguments) {
  typename H::pointer raw = nullptr;
  if (const int code = call(&raw, arguments...); code < 0) return git_error(doing, code);
  return H(raw);
}

// A struct of options with libgit2's defaults.
template <class T>
T options_by(int (*init)(T*, unsigned), unsigned version = 1) {
  T options{};
  init(&options, version);
  return options;
}

inline bool same(const git_oid& a, const git_oid& b) {
  return git_oid_equal(&a, &b) != 0;
}
std::string hex_of(const git_oid& id);
// nullopt: not 40 hex digits.
std::optional<git_oid> id_of(std::string_view hex);

Result<CommitHandle> commit_of(git_repository* repository, const git_oid& id);
Result<TreeHandle> tree_of(const git_commit* commit);
// The id that a reference leads to; nullopt: there is none of that name.
Result<std::optional<git_oid>> target_of(git_repository* repository, const std::string& reference);
// Whether `ancestor` is `of` or one of its ancestors.
Result<bool> is_within(git_repository* repository, const git_oid& ancestor, const git_oid& of);

}  // namespace penstock::repository
