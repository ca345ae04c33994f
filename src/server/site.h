// What the answers are made from: one for the process. Private to server/.
#pragma once

#include <string>

#include "access/access.h"
#include "alert/mail.h"
#include "server/event_hub.h"
#include "server/git_follower.h"
#include "server/plans.h"
#include "server/provider_login.h"
#include "server/repositories.h"
#include "server/standings.h"
#include "service/service.h"

namespace penstock::server {

// Thread-safe, as all of its parts are.
struct Site {
  service::Service& service;
  access::Access& access;
  alert::MailSender& mail;
  EventHub& events;
  Standings& standings;
  Plans& plans;
  Repositories& repositories;
  GitFollower& git;
  std::string version;
  bool is_open_to_others = false;     // others reach it: nobody comes in without a login
  bool is_encrypted = false;          // for who comes by public_url
  std::string public_url{};           // where people reach it, without a slash at the end
  ProviderLogin* provider = nullptr;  // where people may log in, too; may be null
  Time started{};

  service::LoadedRef loaded() const { return service.project(); }
};

}  // namespace penstock::server
