#include "server/event_hub.h"

#include <fmt/format.h>

#include "server/json.h"

namespace penstock::server {

std::shared_ptr<ReplyStream> EventHub::follow(const std::string& run, const std::string& hello) {
  auto stream = std::make_shared<ReplyStream>();
  stream->push(fmt::format("retry: 2000\nevent: hello\ndata: {}\n\n", hello));
  const std::lock_guard lock(mutex_);
  listeners_.push_back({stream, run});
  return stream;
}

void EventHub::tell(std::string_view event, const std::string& run, const std::string& json) {
  const std::string text = fmt::format("event: {}\ndata: {}\n\n", event, json);
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [&](const Listener& one) {
    const bool is_meant = one.run.empty() || run.empty() || one.run == run;
    return is_meant && !one.stream->push(text);
  });
}

void EventHub::keep_alive() {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [](const Listener& one) { return !one.stream->push(": still here\n\n"); });
}

void EventHub::close() {
  const std::lock_guard lock(mutex_);
  for (const auto& one : listeners_) one.stream->close();
  listeners_.clear();
}

void EventHub::tell_plan(const std::string& id, const std::string& sync, std::string_view state,
                         const std::string& run) {
  declare::JsonWriter json;
  json.begin_object().key("id").text(id).key("sync").text(sync).key("state").text(state);
  tell("plan", "", json.text_if("run", run).end_object().str());
}

void EventHub::on_queued(const QueuedRun& run) {
  tell("run", run.run, open_run_json(run));
}

void EventHub::on_begun(const QueuedRun& run) {
  QueuedRun begun = run;
  begun.state = QueuedRun::State::taken;
  tell("run", run.run, open_run_json(begun));
}

void EventHub::on_progress(const QueuedRun& run, const RunProgress& progress) {
  tell("progress", run.run, progress_json(run.run, progress));
}

void EventHub::on_ended(const QueuedRun& run, const service::LoadedRef&, const config::Sync*,
                        const Result<RunReport>& result) {
  tell("run", run.run, ended_run_json(run, result));
}

void EventHub::on_loaded(const service::LoadedRef& loaded) {
  tell("project", "", fmt::format("{{\"loaded\":\"{}\"}}", iso8601(loaded->at)));
}

}  // namespace penstock::server
