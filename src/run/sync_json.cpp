#include <fmt/format.h>

#include "declare/json.h"
#include "run/as_json.h"
#include "schedule/schedule.h"

namespace penstock {
namespace {

// What every list of syncs says of each.
void add_summary(declare::JsonWriter& json, const config::Project& project, const config::Sync& sync) {
  const auto* model = project.model(*sync.model);
  json.key("sync").text(sync.name).text_if("description", sync.description);
  json.text_if("owner", sync.owner.empty() && model != nullptr ? model->owner : sync.owner);
  json.key("tags").begin_array();
  for (const auto& tag : sync.tags) json.text(tag);
  json.end_array().key("object").text(*sync.object).key("mode").text(config::name_of(*sync.mode));
  json.text_if("schedule", sync.schedule ? schedule::in_words(*sync.schedule) : "")
      .key("paused")
      .boolean(sync.paused);
}

void add_constant(declare::JsonWriter& json, const config::FieldRule& rule) {
  if (rule.pii)
    json.key("value").text(kMask);
  else
    json.key("value").raw(as_json(*rule.value));
}

void add_field(declare::JsonWriter& json, const std::string& name, const config::FieldRule& rule) {
  json.begin_object().key("field").text(name);
  if (rule.from) json.key("from").text(**rule.from);
  if (rule.sql) json.key("sql").text(rule.sql->text);
  if (rule.value) add_constant(json, rule);
  if (rule.message) {
    json.key("columns").begin_array();
    for (const auto& column : (*rule.message)->columns()) json.text(column);
    json.end_array();
  }
  json.key("write").text(name_of(rule.write));
  json.key("null").text(rule.null == config::NullValue::clear ? "clear" : "omit");
  json.key("pii").boolean(rule.pii).key("place").text(rule.place.show()).end_object();
}

// The text of the file, where that is one of definitions of this kind alone: others may hold settings of
// accounts.
void add_file(declare::JsonWriter& json, const declare::Place& place, std::string_view folder) {
  json.key("place").text(place.show());
  if (place.known() && place.file->name().starts_with(folder)) json.key("text").text(place.file->text());
}

void add_model(declare::JsonWriter& json, const config::Model& model) {
  json.key("model").begin_object().key("model").text(model.name).text_if("description", model.description);
  json.key("source").text(*model.source).key("primary_key").begin_array();
  for (const auto& column : model.primary_key) json.text(*column);
  json.end_array();
  if (model.sql) json.key("sql").text(model.sql->text);
  if (model.table) json.key("table").text(**model.table);
  if (model.dbt) json.key("dbt").text(**model.dbt);
  json.key("pii").begin_array();
  for (const auto& column : model.pii) json.text(*column);
  json.end_array();
  add_file(json, model.place, "models/");
  json.end_object();
}

}  // namespace

std::string sync_json(const config::Project& project, const config::Sync& sync) {
  declare::JsonWriter json;
  json.begin_object();
  add_summary(json, project, sync);
  const auto* model = project.model(*sync.model);
  json.key("model").text(*sync.model);
  if (model != nullptr) json.key("source").text(*model->source);
  return json.key("destination").text(*sync.destination).end_object().str();
}

std::string sync_details_json(const config::Project& project, const config::Sync& sync) {
  declare::JsonWriter json;
  json.begin_object();
  add_summary(json, project, sync);
  if (const auto* model = project.model(*sync.model)) add_model(json, *model);
  if (const auto* destination = project.destination(*sync.destination))
    json.key("destination")
        .begin_object()
        .key("destination")
        .text(destination->name)
        .key("type")
        .text(*destination->type)
        .key("rate_share")
        .raw(fmt::format("{}", destination->rate_share.fraction))
        .end_object();
  json.key("match").begin_object();
  for (const auto& rule : sync.match)
    json.key(rule.name).text(rule.value.from ? **rule.value.from : rule.value.sql->text);
  json.end_object().key("fields").begin_array();
  for (const auto& field : sync.fields) add_field(json, field.name, field.value);
  json.end_array().key("on_removed").text(config::name_of(sync.on_removed));
  add_file(json, sync.place, "syncs/");
  return json.end_object().str();
}

}  // namespace penstock
