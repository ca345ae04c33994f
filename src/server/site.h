// What the answers are made from: one for the process. Private to server/.
#pragma once

#include <string>

#include "access/access.h"
#include "alert/mail.h"
#include "server/event_hub.h"
#include "server/git_follower.h"
#include "server/plans.h"
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
  bool is_open_to_others = false;  // listens on more than loopback: nobody comes in without a login
  bool is_encrypted = false;
  Time started{};

  service::LoadedRef loaded() const { return service.project(); }
};

}  // namespace penstock::server
