// What stands behind Alerts: notices come in, what is open is kept, letters go out. Private to this folder.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "alert/open_file.h"
#include "alert/teller.h"
#include "async/sync.h"
#include "async/task_group.h"

namespace penstock::alert {

// Every step that changes what is open takes the lock, reads the file, changes it, writes it, and gives the
// lock back, all without waiting in between; letters are sent outside of it. Where that cannot be done (a
// full disk is what alerts are for), this process goes on with what it remembers.
class Alerts::Desk {
 public:
  explicit Desk(AlertParts parts);

  void on_run_ended(const config::Sync& sync, const Result<RunReport>& result);
  void on_late(const config::Sync& sync, Lateness lateness, Time since, const std::string& run);
  Task<void> run_until_stopped();
  void stop();
  Task<void> flush();
  Task<Told> test(std::string alert);
  uint64_t waiting() const;

 private:
  struct Coming {
    Notice notice;
    std::vector<std::string> alerts;
  };
  struct Leaving {
    std::string alert;
    Message message;
  };
  using Change = std::function<void(AllOutages&)>;

  void put(const config::Sync& sync, Notice notice);
  Time now() const { return parts_.loop.clock().now(); }
  // Takes in what came, and gives what is due.
  Task<std::vector<Leaving>> step(bool at_once);
  Task<void> send(Leaving leaving);
  Task<void> change_open(Change change);
  Task<Result<SyncLock>> lock();
  void take_in(AllOutages& open);
  void look_at_file();
  std::optional<Time> next() const;
  void complain(const Error& error);
  void report(const std::string& alert, const Letter& letter, const Receipt& receipt);
  TellerParts teller() const {
    return {parts_.loop, parts_.client, parts_.mail, parts_.resolver, parts_.random};
  }
  Origin origin() const { return {parts_.project.name, parts_.project.public_url}; }

  AlertParts parts_;
  OpenFile file_;
  AllOutages open_;  // as it was when we looked last
  std::vector<Coming> coming_;
  struct Late {
    Time since{};
    std::optional<Instant> came;  // when a run ended after it was said
  };
  std::map<std::string, Late> late_;  // by sync: what was said last
  std::string complaint_;             // the last one: each is made once
  Event wake_;
  bool stopped_ = false;
  TaskGroup sending_;
};

}  // namespace penstock::alert
