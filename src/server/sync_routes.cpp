// Syncs: how they stand, what they do.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "config/selection.h"
#include "run/as_json.h"
#include "schedule/schedule.h"
#include "server/handlers.h"
#include "server/json.h"
#include "server/site.h"
#include "server/written_secrets.h"

namespace penstock::server {
namespace {

using declare::JsonWriter;

// What a person sees first.
std::string health_of(const SyncStatus& status, const service::Standing& standing, bool paused) {
  if (standing.open && standing.open->state == QueuedRun::State::taken) return "running";
  if (paused) return "paused";
  if (standing.due.late_since) return "late";
  if (!status.last) return "never";
  const std::string& last = status.last->status;
  if (last == "failed" || last == "stopped") return last;
  return last == "partial" || status.waiting > 0 ? "partial" : "healthy";
}

void add_runs(JsonWriter& json, const SyncStanding& standing) {
  if (standing.status.last) json.key("last_run").raw(run_row_json(*standing.status.last, nullptr));
  json.key("last_runs").begin_array();
  for (const auto& run : standing.runs) json.raw(run_row_json(run, nullptr));
  json.end_array();
}

// Members of Sync.
void add_sync(JsonWriter& json, Call& call, const service::LoadedRef& loaded, const config::Sync& sync,
              const SyncStanding& standing) {
  const auto& project = loaded->project();
  const SyncStatus& status = standing.status;
  const auto now = call.site.service.standing(sync.name);
  const bool paused = sync.paused || now.due.paused;
  json.key("name").text(sync.name).text_if("description", sync.description).text_if("owner", sync.owner);
  add_texts(json, "tags", sync.tags);
  json.key("model").text(*sync.model);
  if (const auto* model = project.model(*sync.model)) json.key("source").text(*model->source);
  json.key("destination").text(*sync.destination);
  if (const auto* destination = project.destination(*sync.destination))
    if (const auto connector = loaded->workspace->catalog().find(*destination->type))
      json.key("destination_title").text(connector->declaration().title);
  json.key("object").text(*sync.object).key("mode").text(status.mode).key("paused").boolean(paused);
  json.key("health").text(health_of(status, now, paused));
  add_number(json, "accepted", status.accepted);
  add_number(json, "waiting", status.waiting);
  add_number(json, "in_doubt", status.in_doubt);
  add_runs(json, standing);
  if (now.open) json.key("running").text(now.open->run);
  add_times(json, "fresh_at", status.fresh_at);
  json.text_if("schedule", sync.schedule ? schedule::in_words(*sync.schedule) : "");
  if (!paused) add_times(json, "next_run", now.due.next);
  add_times(json, "late_since", now.due.late_since);
}

ServerReply sync_reply(Call& call, const std::function<void(JsonWriter&, const config::Sync&)>& more = {}) {
  const auto loaded = call.site.loaded();
  const auto* sync = loaded->project().sync(call.name());
  if (sync == nullptr) return not_found("sync", call.name(), config::names_of(loaded->project().syncs));
  auto store = loaded->workspace->existing_runs();
  if (!store.ok()) return problem(store.error());
  auto standing = call.site.standings.of(loaded, *sync, *store ? &**store : nullptr);
  if (!standing.ok()) return problem(standing.error());
  JsonWriter json;
  json.begin_object();
  add_sync(json, call, loaded, *sync, *standing);
  if (more) more(json, *sync);
  return json_reply(json.end_object());
}

// The lines from where a definition begins: its file, where the file holds nothing else.
std::string yaml_of(const Call& call, const config::Sync& sync) {
  if (!sync.place.file) return "";
  return WrittenSecrets(call.site.service.problems()).hidden(sync.place.file->text());
}

std::string sentence_of(const config::Sync& sync) {
  const char* what = "";
  switch (*sync.mode) {
    case config::Mode::insert:
      what = "Makes a record for each new row; records that are there stay as they are.";
      break;
    case config::Mode::update:
      what = "Updates records that are there; makes none.";
      break;
    case config::Mode::upsert:
      what = "Updates records that are there, and makes those that are not.";
      break;
    case config::Mode::mirror:
      what = "Keeps the object as the model is: makes, updates, and deletes what left the model.";
      break;
    case config::Mode::append:
      what = "Sends each new row once, and never again.";
      break;
    case config::Mode::remove:
      what = "Deletes the records that the model lists.";
      break;
    case config::Mode::replace:
      what = "Replaces the whole object each time.";
      break;
  }
  return fmt::format("Carries {} to {} in {}. {}", *sync.model, *sync.object, *sync.destination, what);
}

void add_transforms(JsonWriter& json, const transform::Transforms& transforms) {
  if (transforms.empty()) return;
  json.key("transforms").begin_array();
  for (const auto& one : transforms) json.text(one.name);
  json.end_array();
}

// "New customer {name} from {city}"
std::string text_of(const transform::Template& message) {
  std::string text;
  for (const auto& piece : message.pieces())
    text += piece.literal + (piece.insert ? "{" + piece.insert->column + "}" : "");
  return text;
}

std::string bound_text(const declare::ShareOrCount& bound) {
  return bound.share ? declare::show(*bound.share) : fmt::to_string(bound.count.value_or(0));
}

void add_mapping(JsonWriter& json, const config::Sync& sync) {
  json.key("match").begin_array();
  for (const auto& [field, place, rule] : sync.match) {
    json.begin_object().key("field").text(field);
    if (rule.from) json.key("from").text(**rule.from);
    if (rule.sql) json.key("sql").text(rule.sql->text);
    add_transforms(json, rule.transform);
    json.end_object();
  }
  json.end_array().key("fields").begin_array();
  for (const auto& [field, place, rule] : sync.fields) {
    json.begin_object().key("field").text(field);
    if (rule.from) json.key("from").text(**rule.from);
    if (rule.sql) json.key("sql").text(rule.sql->text);
    if (rule.value) json.key("value").raw(declare::as_json(*rule.value));
    if (rule.message) json.key("message").text(text_of(**rule.message));
    add_transforms(json, rule.transform);
    json.key("write").text(name_of(rule.write));
    json.key("null").text(rule.null == config::NullValue::clear ? "clear" : "omit");
    json.key("pii").boolean(rule.pii).end_object();
  }
  json.end_array();
}

void add_guards(JsonWriter& json, const config::Guard& guard) {
  json.key("guards").begin_object();
  const std::pair<const char*, const std::optional<declare::Placed<declare::ShareOrCount>>*> bounds[] = {
      {"max_removed", &guard.max_removed},
      {"max_changed", &guard.max_changed},
      {"max_rejected", &guard.max_rejected},
      {"max_added", &guard.max_added},
      {"max_invalid", &guard.max_invalid}};
  for (const auto& [name, bound] : bounds)
    if (*bound) json.key(name).text(bound_text(***bound));
  if (guard.max_first_run) json.key("max_first_run").text(fmt::to_string(**guard.max_first_run));
  if (guard.max_requests) json.key("max_requests").text(fmt::to_string(**guard.max_requests));
  json.key("empty_model").text(guard.empty_model == config::EmptyModel::stop ? "stop" : "allow").end_object();
}

}  // namespace

ServerReply list_syncs(Call& call) {
  const auto loaded = call.site.loaded();
  std::vector<std::string> words;
  if (const std::string select = call.text("select"); !select.empty()) words.push_back(select);
  std::vector<const config::Sync*> syncs;
  if (words.empty()) {
    for (const auto& sync : loaded->project().syncs) syncs.push_back(&sync);
  } else {
    auto selected = config::select_syncs(loaded->project(), words, config::Paused::included);
    if (!selected.ok()) return problem(selected.error());
    syncs = *std::move(selected);
  }
  auto store = loaded->workspace->existing_runs();
  if (!store.ok()) return problem(store.error());
  JsonWriter json;
  json.begin_array();
  for (const auto* sync : syncs) {
    auto standing = call.site.standings.of(loaded, *sync, *store ? &**store : nullptr);
    if (!standing.ok()) return problem(standing.error());
    json.begin_object();
    add_sync(json, call, loaded, *sync, *standing);
    json.end_object();
  }
  return json_reply(json.end_array());
}

ServerReply get_sync(Call& call) {
  return sync_reply(call, [&call](JsonWriter& json, const config::Sync& sync) {
    json.key("file").text(sync.place.file ? sync.place.file->name() : "");
    json.text_if("yaml", yaml_of(call, sync)).key("sentence").text(sentence_of(sync));
    add_mapping(json, sync);
    add_guards(json, sync.guard);
    json.key("on_removed").text(config::name_of(sync.on_removed));
    json.key("alerts").begin_array();
    for (const auto& alert : sync.alerts) json.text(*alert);
    json.end_array().key("approve").boolean(sync.approve == config::Approve::required);
  });
}

namespace {

ServerReply set_paused(Call& call, bool paused) {
  const auto loaded = call.site.loaded();
  if (loaded->project().sync(call.name()) == nullptr)
    return not_found("sync", call.name(), config::names_of(loaded->project().syncs));
  auto done = call.site.service.pause(call.name(), paused ? std::optional(call.who.shown()) : std::nullopt);
  if (!done.ok()) return problem(done.error());
  note(call, paused ? "sync.pause" : "sync.resume", call.name());
  return sync_reply(call);
}

}  // namespace

ServerReply pause_sync(Call& call) {
  return set_paused(call, true);
}

ServerReply resume_sync(Call& call) {
  return set_paused(call, false);
}

}  // namespace penstock::server
