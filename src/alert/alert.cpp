#include "alert/alert.h"

#include <algorithm>
#include <tuple>

#include "alert/desk.h"

namespace penstock::alert {

AlertParts parts_of(Loop& loop, HttpClient& client, MailSender& mail, Workspace& workspace, Random& random,
                    OnTold on_told) {
  return {.loop = loop,
          .client = client,
          .mail = mail,
          .random = random,
          .project = workspace.project(),
          .resolver = workspace.resolver(),
          .disk = workspace.disk(),
          .locks = workspace.locks(),
          .directory = workspace.paths().alerts(),
          .on_told = std::move(on_told)};
}

Alerts::Alerts(AlertParts parts) : desk_(std::make_unique<Desk>(std::move(parts))) {}
Alerts::~Alerts() = default;

void Alerts::on_run_ended(const config::Sync& sync, const Result<RunReport>& result) {
  desk_->on_run_ended(sync, result);
}
void Alerts::on_late(const config::Sync& sync, Lateness lateness, Time since, const std::string& run) {
  desk_->on_late(sync, lateness, since, run);
}
Task<void> Alerts::run_until_stopped() {
  return desk_->run_until_stopped();
}
void Alerts::stop() {
  desk_->stop();
}
Task<void> Alerts::flush() {
  return desk_->flush();
}
Task<Told> Alerts::test(std::string alert) {
  return desk_->test(std::move(alert));
}
uint64_t Alerts::waiting() const {
  return desk_->waiting();
}

Result<std::vector<OpenOutage>> open_outages(Workspace& workspace) {
  auto open = OpenFile(workspace.disk(), workspace.paths().alerts()).read(workspace.project());
  if (!open.ok()) return open.error();
  std::vector<OpenOutage> all;
  for (const auto& [alert, outages] : *open)
    for (const Outage& outage : outages.open()) {
      OpenOutage& shown = all.emplace_back();
      shown.alert = alert;
      shown.id = outage.id;
      shown.cause = outage.cause;
      shown.severity = outage.severity;
      shown.since = outage.since;
      shown.told = outage.told;
      shown.what = outage.leading().what;
      for (const auto& [sync, member] : outage.members)
        (member.restored ? shown.restored : shown.syncs).push_back(sync);
    }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a.since, a.alert, a.id) < std::tie(b.since, b.alert, b.id);
  });
  return all;
}

}  // namespace penstock::alert
