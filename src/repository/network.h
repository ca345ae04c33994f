// Talking with the remote: fetch and push, with logins and within a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "repository/checkout.h"
#include "repository/repository.h"

namespace penstock::repository {

// The URL of the remote without a login in it; nullopt: there is no such remote.
Result<std::optional<std::string>> remote_url(git_repository* repository, const std::string& remote);
// "https://user:secret@host/x" -> "https://host/x".
std::string without_login(std::string_view url);

// How libgit2 is kept from taking for ever: it knows no time-outs. A call that does not come back in time is
// left to itself on its thread; so many may hang, then none is begun any more.
class Network {
 public:
  explicit Network(Settings settings);

  // refs/heads/BRANCH of the remote -> refs/remotes/REMOTE/BRANCH.
  Result<void> fetch(const std::string& root, const std::string& branch) const;

  enum class Pushed { done, moved_there };
  // refs/heads/BRANCH, never by force.
  Result<Pushed> push(const std::string& root, const std::string& branch) const;

 private:
  struct Shared;
  Settings settings_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace penstock::repository
