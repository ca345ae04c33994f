#include "server/git_follower.h"

#include <fmt/format.h>

#include "log/log.h"
#include "repository/webhook.h"
#include "server/call.h"

namespace penstock::server {
namespace {

using Outcome = repository::PullReport::Outcome;

// How often a project that does not pull by itself is asked whether it does by now.
constexpr Duration kAskAgain = 30s;

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::up_to_date:
      return "up_to_date";
    case Outcome::moved:
      return "moved";
    case Outcome::refused:
      return "refused";
    case Outcome::set_aside:
      return "set_aside";
  }
  return "";
}

void tell(const Result<repository::PullReport>& report) {
  if (!report.ok())
    log::event(log::Level::warning, "pull_failed",
               {{"error", report.error().message}, {"remedy", report.error().remedy}});
  else if (report->outcome == Outcome::refused)
    log::event(log::Level::warning, "pull_refused", {{"reason", report->reason}, {"remedy", report->remedy}});
  else if (report->outcome != Outcome::up_to_date)
    log::event(log::Level::info, "pulled", {{"from", report->from}, {"to", report->to}});
}

}  // namespace

Result<repository::PullReport> GitFollower::pull() {
  auto repository = repositories_.of(service_.project());
  if (!repository.ok()) return repository.error();
  auto report = (*repository)->pull();
  tell(report);
  const bool moved =
      report.ok() && (report->outcome == Outcome::moved || report->outcome == Outcome::set_aside);
  if (moved) service_.reload();
  return report;
}

ServerReply GitFollower::answer_hook(const ServerRequest& request) {
  if (request.method != "POST") return problem(405, "not_found", "this cannot be done with this path");
  const auto loaded = service_.project();
  const auto& reference = loaded->project().git.webhook_secret;
  if (!reference)
    return problem(404, "not_found", "no webhook is set up", "say git: { webhook_secret: ... }");
  const auto secret = declare::resolve_secret(*reference, loaded->workspace->resolver());
  if (!secret.ok()) return problem(503, "config", "the webhook's secret is not there");
  if (auto checked = repository::check_webhook(*secret, request.headers, request.body); !checked.ok())
    return problem(checked.error());
  const auto report = pull();
  if (!report.ok()) return problem(report.error());
  return json_reply(fmt::format(R"({{"pull":"{}"}})", name_of(report->outcome)),
                    report->outcome == Outcome::refused ? 409 : 200);
}

Task<void> GitFollower::follow(Loop& loop) {
  for (;;) {
    const auto every = service_.project()->project().git.pull_every;
    co_await loop.sleep_for(every.value_or(kAskAgain));
    // What fails has been told; the next time comes.
    if (every && service_.project()->project().git.pull_every)
      if (auto pulled = co_await loop.offload([this] { return pull(); }); !pulled.ok()) continue;
  }
}

}  // namespace penstock::server
