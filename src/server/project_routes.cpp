// The project as a whole: what it holds, its schemas, its alerts.
#include <fmt/format.h>

#include "alert/alert.h"
#include "config/schema.h"
#include "server/handlers.h"
#include "server/json.h"
#include "server/site.h"
#include "source/source.h"

namespace penstock::server {
namespace {

using declare::JsonWriter;

std::string file_of(const declare::Place& place) {
  return place.file ? place.file->name() : "";
}

}  // namespace

ServerReply get_project(Call& call) {
  const auto loaded = call.site.loaded();
  const auto& project = loaded->project();
  JsonWriter json;
  json.begin_object().key("name").text(project.name).text_if("description", project.description);
  json.key("version").text(call.site.version).key("started").text(iso8601(call.site.started));
  json.key("loaded").text(iso8601(loaded->at));
  add_number(json, "syncs", project.syncs.size());
  add_number(json, "models", project.models.size());
  add_number(json, "sources", project.sources.size());
  add_number(json, "destinations", project.destinations.size());
  json.key("problems").raw(diagnostics_json(call.site.service.problems()));
  return json_reply(json.end_object());
}

ServerReply get_schema(Call& call) {
  const auto loaded = call.site.loaded();
  const auto destinations = destination_kinds(loaded->workspace->catalog());
  const std::string kind = call.path.find("kind")->second;
  auto schema = config::schema_of(kind, {source_kinds(), *destinations});
  return schema.ok() ? json_reply(*std::move(schema)) : not_found("kind of file", kind);
}

ServerReply list_alerts(Call& call) {
  const auto loaded = call.site.loaded();
  JsonWriter json;
  json.begin_array();
  for (const auto& alert : loaded->project().alerts) {
    json.begin_object().key("name").text(alert.name).key("type").text(*alert.type);
    json.text_if("file", file_of(alert.place)).key("on").begin_array();
    for (const auto event : alert.on) json.text(alert::name_of(event));
    json.end_array().key("syncs").begin_array();
    for (const auto& sync : loaded->project().syncs)
      for (const auto& name : sync.alerts)
        if (*name == alert.name) json.text(sync.name);
    json.end_array().end_object();
  }
  return json_reply(json.end_array());
}

namespace {

Task<Result<alert::Told>> try_alert(RunParts parts, service::LoadedRef loaded, alert::MailSender& mail,
                                    std::string name) {
  alert::Alerts alerts(alert::parts_of(parts.loop, parts.client, mail, *loaded->workspace, parts.random, {}));
  co_return co_await alerts.test(std::move(name));
}

}  // namespace

ServerReply test_alert(Call& call) {
  const auto loaded = call.site.loaded();
  if (loaded->project().alert(call.name()) == nullptr) return not_found("alert", call.name());
  const Instant begun = real_clock().instant();
  const auto told = call.site.service.on_loop<alert::Told>(
      [&mail = call.site.mail, name = call.name()](RunParts parts, service::LoadedRef project) {
        return try_alert(std::move(parts), std::move(project), mail, name);
      });
  if (!told.ok()) return problem(told.error());
  JsonWriter json;
  json.begin_object().key("ok").boolean(told->arrived).text_if("message", told->answer);
  json.text_if("remedy", told->remedy);
  json.key("seconds").raw(fmt::format("{:.3f}", in_seconds(real_clock().instant() - begun)));
  return json_reply(json.end_object());
}

}  // namespace penstock::server
