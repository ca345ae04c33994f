// Tells people what broke: Slack, PagerDuty, email, webhooks. The face of this folder.
//
//     a run ends -> Notice (notice.h) -> Outages (outages.h): one outage is one alert -> Message -> a
//     receiver
//
// Whoever runs syncs says what became of them, and lets one task of this go on beside:
//
//     alert::Alerts alerts(alert::parts_of(loop, client, mail, workspace, random, on_told));
//     loop.spawn(alerts.run_until_stopped());
//     ... alerts.on_run_ended(sync, result) ...
//     alerts.stop();                        // the task ends after what is being sent
//
// or, in a process that ends with the runs, `co_await alerts.flush()`.
//
// What is told and not over is kept in the state directory (alerts/open.json), under a lock of its own, so
// that several processes tell an outage once, and a restart forgets nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "alert/mail.h"
#include "alert/notice.h"
#include "async/loop.h"
#include "base/random.h"
#include "ledger/lock.h"
#include "net/http.h"
#include "run/workspace.h"

namespace penstock::alert {

// What came of one message to one receiver, or of keeping what is open, for logs. Holds no secrets.
struct Told {
  std::string alert;  // its name; empty: it is about what is kept
  std::string title;  // of the message
  bool arrived = false;
  std::string answer;  // of the receiver, or why it could not be asked; one sentence
  std::string remedy;  // where one is known
};
using OnTold = std::function<void(const Told&)>;

// All must outlive the Alerts.
struct AlertParts {
  Loop& loop;
  HttpClient& client;
  MailSender& mail;
  Random& random;
  const config::Project& project;
  const declare::Resolver& resolver;  // of secrets
  Disk& disk;                         // of the state
  Locks& locks;
  std::string directory;  // for what is open, on that disk
  OnTold on_told{};       // on the loop's thread
};
AlertParts parts_of(Loop& loop, HttpClient& client, MailSender& mail, Workspace& workspace, Random& random,
                    OnTold on_told);

// Loop thread only. Nothing here fails a run: what goes wrong is told to `on_told`.
class Alerts {
 public:
  explicit Alerts(AlertParts parts);
  ~Alerts();
  Alerts(const Alerts&) = delete;
  Alerts& operator=(const Alerts&) = delete;

  // How a run ended: what run_sync() gave. Returns at once.
  void on_run_ended(const config::Sync& sync, const Result<RunReport>& result);
  // A run that was due at `since` and did not begin, or that began then and goes on for longer than its
  // interval (then with the run's id). To be called once for each, or as often as one likes: it is told once.
  void on_late(const config::Sync& sync, Lateness lateness, Time since, const std::string& run = "");

  // Gathers, sends, reminds, until stop(). At most one of these tasks.
  Task<void> run_until_stopped();
  void stop();
  // Sends what there is to tell now, without waiting for others of the same cause, and tries what fails a few
  // times; bounded to about a minute for each receiver.
  Task<void> flush();

  // Sends a test message to one alert of the project, whatever is open; nothing is remembered of it.
  Task<Told> test(std::string alert);
  // How much there is to say, of all alerts, that is not said yet: outages and recoveries.
  uint64_t waiting() const;

 private:
  class Desk;
  std::unique_ptr<Desk> desk_;
};

// An outage that is told, or about to be, as people look at it (`penstock alert list`, the service's pages).
struct OpenOutage {
  std::string alert;
  std::string id;
  std::string cause;
  Severity severity = Severity::error;
  Time since{};
  std::optional<Time> told;           // nullopt: not yet
  std::vector<std::string> syncs;     // that are still in it
  std::vector<std::string> restored;  // that were, and work again
  std::string what;                   // of the last notice
};
// Of all alerts, oldest first; reads the state's file. Empty where there is none.
Result<std::vector<OpenOutage>> open_outages(Workspace& workspace);

}  // namespace penstock::alert
