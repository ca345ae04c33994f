#include "cli/alert_watcher.h"

#include "log/log.h"
#include "service/options.h"

namespace penstock::cli {
namespace {

constexpr Duration kFinishMax = 20s;

void log_told(const alert::Told& told) {
  log::event(
      told.arrived ? log::Level::info : log::Level::error, told.arrived ? "alert_told" : "alert_not_told",
      {{"alert", told.alert}, {"title", told.title}, {"answer", told.answer}, {"remedy", told.remedy}});
}

// A run of some rows says nothing about the others.
bool is_of_some_rows(const QueuedRun& run, const Workspace& workspace) {
  const auto request = service::request_of(run, workspace);
  return request.ok() && (request->limit.has_value() || request->key.has_value());
}

Task<void> give_up(Loop& loop, TaskGroup& tasks) {
  co_await loop.sleep_for(kFinishMax);
  tasks.cancel();
}

}  // namespace

struct AlertWatcher::Desk {
  service::LoadedRef loaded;
  std::unique_ptr<alert::Alerts> alerts;
};

AlertWatcher::AlertWatcher(Loop& loop, HttpClient& client, alert::MailSender& mail, Random& random,
                           Metrics& metrics)
    : loop_(loop), client_(client), random_(random), mail_(mail), metrics_(metrics), tasks_(loop) {}

AlertWatcher::~AlertWatcher() = default;

Task<void> AlertWatcher::keep(std::shared_ptr<Desk> desk) {
  co_await desk->alerts->run_until_stopped();
}

void AlertWatcher::on_loaded(const service::LoadedRef& loaded) {
  if (desk_) desk_->alerts->stop();
  desk_ = std::make_shared<Desk>();
  desk_->loaded = loaded;
  desk_->alerts = std::make_unique<alert::Alerts>(
      alert::parts_of(loop_, client_, mail_, *loaded->workspace, random_, [this](const alert::Told& told) {
        log_told(told);
        if (!told.alert.empty()) metrics_.on_alert(told.alert, told.arrived);
      }));
  tasks_.spawn(keep(desk_));
}

void AlertWatcher::on_ended(const QueuedRun& run, const service::LoadedRef& loaded, const config::Sync* sync,
                            const Result<RunReport>& result) {
  if (!desk_ || sync == nullptr || is_of_some_rows(run, *loaded->workspace)) return;
  desk_->alerts->on_run_ended(*sync, result);
}

void AlertWatcher::on_late(const config::Sync& sync, Time since, const std::string& run) {
  if (!desk_) return;
  desk_->alerts->on_late(sync, run.empty() ? alert::Lateness::not_begun : alert::Lateness::too_long, since,
                         run);
}

// Its own queue is counted as often as that of the runs.
void AlertWatcher::on_queue(uint64_t) {
  if (desk_) metrics_.set_queue(Queue::alerts, desk_->alerts->waiting());
}

Task<void> AlertWatcher::finish() {
  if (!desk_) co_return;
  desk_->alerts->stop();
  TaskGroup limit(loop_);
  limit.spawn(give_up(loop_, tasks_));
  co_await tasks_.join();
}

}  // namespace penstock::cli
