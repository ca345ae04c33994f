// Commits that the remote does not have, made anew on top of what it has. By whole files: a commit is carried
// over only where nobody else touched a file that it touches, so that there is nothing to merge.
#pragma once

#include <string>
#include <vector>

#include "repository/trees.h"

namespace penstock::repository {

struct Replayed {
  git_oid head{};  // upstream with all that could be carried over
  uint64_t carried = 0;
  std::vector<git_oid> left;        // commits that touch what upstream changed, or what these touched
  std::vector<std::string> common;  // the files that both touched, of the repository
};

// The commits of `head` that are neither in `upstream` nor in `base`, oldest first. Errors: `config`, when
// one of them is a merge.
Result<std::vector<git_oid>> unpushed_commits(git_repository* repository, const git_oid& head,
                                              const git_oid& upstream, const git_oid& base);

// `base`: what `commits` and `upstream` both come from.
Result<Replayed> replay(git_repository* repository, const std::vector<git_oid>& commits, const git_oid& base,
                        const git_oid& upstream);

}  // namespace penstock::repository
