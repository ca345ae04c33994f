#include "service/report.h"

#include <fmt/format.h>

#include "declare/json.h"
#include "run/as_json.h"

namespace penstock::service {
namespace {

using declare::JsonWriter;

std::string ended_text(const QueuedRun& run, std::string_view status, const Error& error) {
  JsonWriter json;
  json.begin_object().key("run").text(run.run).key("sync").text(run.sync).key("status").text(status);
  return json.text_if("error", error.message).text_if("remedy", error.remedy).end_object().str();
}

}  // namespace

std::string report_text(const QueuedRun& run, const Result<RunReport>& result) {
  if (!result.ok())
    return ended_text(run, result.error().kind == ErrorKind::interrupted ? "interrupted" : "failed",
                      result.error());
  const RunReport& report = *result;
  JsonWriter json;
  json.begin_object();
  const std::string line = report_json(report);
  json.members(line);
  json.key("notes").begin_array();
  for (const auto& note : report.notes) json.text(note);
  json.end_array().key("invalid_rows").begin_array();
  for (const auto& row : report.invalid)
    json.begin_object().key("key").text(row.key).key("reason").text(row.reason).end_object();
  json.end_array();
  if (report.guard)
    json.key("stopped_by")
        .begin_object()
        .key("guard")
        .text(report.guard->guard)
        .key("message")
        .text(report.guard->message)
        .text_if("remedy", report.guard->remedy)
        .end_object();
  if (report.error) json.text_if("remedy", report.error->remedy);
  return json.end_object().str();
}

std::string lost_report_text(const QueuedRun& run) {
  return ended_text(run, "interrupted",
                    {ErrorKind::interrupted, fmt::format("its worker {} is gone", run.worker),
                     "another run has taken its place"});
}

QueuedRun instead_of(const QueuedRun& run, std::string id) {
  QueuedRun next = run;
  next.run = std::move(id);
  next.once = "instead of " + run.run;
  next.cause = "resumed";
  next.state = QueuedRun::State::queued;
  next.worker.clear();
  next.beat.reset();
  next.cancelled = false;
  return next;
}

}  // namespace penstock::service
