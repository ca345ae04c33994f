// What runs tell by way of alerts, when they are asked to.
#pragma once

#include <memory>

#include "alert/alert.h"
#include "cli/session.h"
#include "run/run_many.h"

namespace penstock::cli {

// Of the runs of one command. Does nothing unless `wanted`. Nothing here changes an exit code.
class RunAlerts {
 public:
  RunAlerts(const Globals& globals, Session& session, Workspace& workspace, bool wanted);
  void add(const EndedSync& ended);
  // Sends what there is to tell, and says on standard error what did not arrive.
  void send();

 private:
  Session& session_;
  std::unique_ptr<alert::MailSender> mail_;
  std::unique_ptr<alert::Alerts> alerts_;
};

}  // namespace penstock::cli
