#include "repository/git.h"

#include <fmt/format.h>

#include <optional>

namespace penstock::repository {
namespace {

ErrorKind kind_of(int code, int error_class) {
  switch (code) {
    case GIT_EAUTH:
    case GIT_ECERTIFICATE:
      return ErrorKind::auth;
    case GIT_ELOCKED:
      return ErrorKind::locked;
    case GIT_ENOTFOUND:
    case GIT_EINVALIDSPEC:
    case GIT_EAMBIGUOUS:
      return ErrorKind::config;
    default:
      break;
  }
  if (error_class == GIT_ERROR_NET || error_class == GIT_ERROR_HTTP || error_class == GIT_ERROR_SSL ||
      error_class == GIT_ERROR_SSH)
    return ErrorKind::transient;
  if (error_class == GIT_ERROR_OS || error_class == GIT_ERROR_FILESYSTEM || error_class == GIT_ERROR_ODB)
    return ErrorKind::disk;
  return ErrorKind::internal;
}

}  // namespace

void start_libgit2() {
  static const bool started = [] {
    git_libgit2_init();
    // Objects and references survive a power cut, as everything does that is promised here.
    git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
    return true;
  }();
  (void)started;
}

Error git_error(std::string_view doing, int code) {
  const auto* last = git_error_last();
  std::string what = last != nullptr && last->message != nullptr ? last->message : "no reason was given";
  while (what.ends_with('\n') || what.ends_with('.')) what.pop_back();
  return {kind_of(code, last != nullptr ? last->klass : GIT_ERROR_NONE),
          fmt::format("cannot {}: {}", doing, what), ""};
}

std::string hex_of(const git_oid& id) {
  char text[GIT_OID_HEXSZ + 1];
  git_oid_tostr(text, sizeof text, &id);
  return text;
}

std::optional<git_oid> id_of(std::string_view hex) {
  git_oid id;
  if (hex.size() != GIT_OID_HEXSZ || git_oid_fromstrn(&id, hex.data(), hex.size()) < 0) return std::nullopt;
  return id;
}

Result<CommitHandle> commit_of(git_repository* repository, const git_oid& id) {
  return take<CommitHandle>("read a commit", git_commit_lookup, repository, &id);
}

Result<TreeHandle> tree_of(const git_commit* commit) {
  return take<TreeHandle>("read a commit's tree", git_commit_tree, commit);
}

Result<std::optional<git_oid>> target_of(git_repository* repository, const std::string& reference) {
  git_oid id;
  const int code = git_reference_name_to_id(&id, repository, reference.c_str());
  if (code == GIT_ENOTFOUND) return std::optional<git_oid>();
  if (code < 0) return git_error(fmt::format("read {}", reference), code);
  return std::optional(id);
}

Result<bool> is_within(git_repository* repository, const git_oid& ancestor, const git_oid& of) {
  if (same(ancestor, of)) return true;
  const int code = git_graph_descendant_of(repository, &of, &ancestor);
  if (code < 0) return git_error("compare two commits", code);
  return code == 1;
}

}  // namespace penstock::repository
