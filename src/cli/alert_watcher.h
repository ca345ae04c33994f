// Alerts of the service: hears how runs end and which are late, tells people, and counts that.
#pragma once

#include <memory>

#include "alert/alert.h"
#include "async/loop.h"
#include "metrics/metrics.h"
#include "service/watcher.h"

namespace penstock::cli {

// Loop thread only. All that it is given outlives it.
class AlertWatcher final : public service::Watcher {
 public:
  AlertWatcher(Loop& loop, HttpClient& client, alert::MailSender& mail, Random& random, Metrics& metrics);
  ~AlertWatcher() override;

  void on_ended(const QueuedRun& run, const service::LoadedRef& loaded, const config::Sync* sync,
                const Result<RunReport>& result) override;
  void on_late(const config::Sync& sync, Time since, const std::string& run) override;
  void on_queue(uint64_t runs) override;
  // Also for the project that the service begins with.
  void on_loaded(const service::LoadedRef& loaded) override;

  // Sends what there is to send now, for a short while at most: what is left is told by the next process.
  Task<void> finish();

 private:
  // The alerts of a project as it was read at one time; the older ones end after what they are sending.
  struct Desk;
  static Task<void> keep(std::shared_ptr<Desk> desk);

  Loop& loop_;
  HttpClient& client_;
  Random& random_;
  alert::MailSender& mail_;
  Metrics& metrics_;
  std::shared_ptr<Desk> desk_;  // shared with its task
  TaskGroup tasks_;
};

}  // namespace penstock::cli
