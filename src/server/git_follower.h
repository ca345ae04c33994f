// Takes over what others pushed: by the clock (`git: { pull_every }`), or when a webhook says so. Private to
// server/.
#pragma once

#include "async/loop.h"
#include "net/http_server.h"
#include "server/repositories.h"
#include "service/service.h"

namespace penstock::server {

// Thread-safe. Both outlive it.
class GitFollower {
 public:
  GitFollower(service::Service& service, Repositories& repositories)
      : service_(service), repositories_(repositories) {}

  // Fetches, and lets it take effect if all of it is valid. Blocks on the network.
  Result<repository::PullReport> pull();
  // The remote's word that there is something new.
  ServerReply answer_hook(const ServerRequest& request);
  // Pulls as often as the project wants. Ends with its task.
  Task<void> follow(Loop& loop);

 private:
  service::Service& service_;
  Repositories& repositories_;
};

}  // namespace penstock::server
