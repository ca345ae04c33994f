// Destinations and connectors: what there is, whether it answers, its objects and fields.
#include <fmt/format.h>

#include "connector/page.h"
#include "run/discover.h"
#include "run/prepare.h"
#include "server/handlers.h"
#include "server/json.h"
#include "server/site.h"
#include "transform/transform.h"

namespace penstock::server {
namespace {

using connector::DiscoveredField;
using declare::JsonWriter;

std::string_view name_of_type(connector::SettingDeclaration::Type type) {
  using Type = connector::SettingDeclaration::Type;
  switch (type) {
    case Type::text:
      return "text";
    case Type::url:
      return "url";
    case Type::choice:
      return "choice";
    case Type::boolean:
      return "boolean";
    case Type::integer:
      return "integer";
    case Type::body:
      return "body";
  }
  return "text";
}

void add_objects(JsonWriter& json, const connector::Connector& connector) {
  json.begin_array();
  for (const auto& name : connector.object_names()) {
    const auto* object = connector.object(name);
    json.begin_object().key("name").text(name);
    if (object != nullptr) json.text_if("title", object->title);
    json.end_object();
  }
  json.end_array();
}

// What the declaration knows of an object's fields.
void add_declared_fields(JsonWriter& json, const connector::Object& object) {
  for (const auto& [name, place, field] : object.fields) {
    if (name.find('*') != std::string::npos) continue;
    json.begin_object().key("name").text(name).text_if("label", field.title).text_if("type", field.type);
    json.text_if("help", field.help).key("required").boolean(field.required);
    json.key("unique").boolean(connector::Connector::match_kind(object, name).has_value()).end_object();
  }
}

using Discovered = Result<std::vector<DiscoveredField>>;

Task<Discovered> ask_for_fields(RunParts parts, service::LoadedRef loaded, std::string destination,
                                std::string object) {
  const auto* known = loaded->project().destination(destination);
  if (known == nullptr) co_return Error{ErrorKind::config, "the destination is gone", ""};
  co_return co_await discover_fields(parts.loop, parts.client, *loaded->workspace, *known, std::move(object));
}

Discovered fields_there(Call& call, const std::string& destination, const std::string& object) {
  return call.site.service.on_loop<std::vector<DiscoveredField>>(
      [destination, object](RunParts parts, service::LoadedRef loaded) {
        return ask_for_fields(std::move(parts), std::move(loaded), destination, object);
      });
}

}  // namespace

ServerReply list_destinations(Call& call) {
  const auto loaded = call.site.loaded();
  JsonWriter json;
  json.begin_array();
  for (const auto& one : loaded->project().destinations) {
    json.begin_object().key("name").text(one.name).key("type").text(*one.type);
    if (const auto* description = one.settings.find<std::string>("description"))
      json.text_if("description", *description);
    if (const auto connector = loaded->workspace->catalog().find(*one.type))
      json.key("title").text(connector->declaration().title);
    json.text_if("file", one.place.file ? one.place.file->name() : "");
    json.key("rate_share").raw(fmt::format("{:.4g}", one.rate_share.fraction)).key("syncs").begin_array();
    for (const auto& sync : loaded->project().syncs)
      if (*sync.destination == one.name) json.text(sync.name);
    json.end_array().end_object();
  }
  return json_reply(json.end_array());
}

ServerReply check_destination(Call& call) {
  const auto loaded = call.site.loaded();
  const auto* known = loaded->project().destination(call.name());
  if (known == nullptr)
    return not_found("destination", call.name(), config::names_of(loaded->project().destinations));
  const auto connector = loaded->workspace->catalog().find(*known->type);
  const auto objects = connector->object_names();
  const Instant begun = real_clock().instant();
  // A question that needs the login: the fields of an object, where the destination can tell them.
  std::string object = objects.empty() ? "" : objects.front();
  for (const auto& sync : loaded->project().syncs)
    if (*sync.destination == known->name) object = *sync.object;
  const auto fields = fields_there(call, known->name, object);
  const bool cannot_tell = !fields.ok() && fields.error().kind == ErrorKind::config;
  JsonWriter json;
  json.begin_object().key("ok").boolean(fields.ok() || cannot_tell);
  if (fields.ok())
    json.key("message").text(fmt::format("it answers: {} has {} fields", object, fields->size()));
  else
    json.key("message").text(fields.error().message).text_if("remedy", fields.error().remedy);
  json.key("seconds").raw(fmt::format("{:.3f}", in_seconds(real_clock().instant() - begun)));
  return json_reply(json.end_object());
}

ServerReply list_objects(Call& call) {
  const auto loaded = call.site.loaded();
  const auto* known = loaded->project().destination(call.name());
  if (known == nullptr)
    return not_found("destination", call.name(), config::names_of(loaded->project().destinations));
  JsonWriter json;
  add_objects(json, *loaded->workspace->catalog().find(*known->type));
  return json_reply(json);
}

ServerReply list_fields(Call& call) {
  const auto loaded = call.site.loaded();
  const auto* known = loaded->project().destination(call.name());
  if (known == nullptr)
    return not_found("destination", call.name(), config::names_of(loaded->project().destinations));
  const std::string name = call.path.find("object")->second;
  const auto connector = loaded->workspace->catalog().find(*known->type);
  const auto* object = connector->object(name);
  if (object == nullptr) return not_found("object", name, connector->object_names());
  const auto there = fields_there(call, known->name, name);
  if (!there.ok() && there.error().kind != ErrorKind::config) return problem(there.error());
  JsonWriter json;
  json.begin_object().key("object").text(name).key("discovered").boolean(there.ok());
  json.key("fields").begin_array();
  if (!there.ok()) add_declared_fields(json, *object);
  if (there.ok())
    for (const auto& field : *there) {
      json.begin_object()
          .key("name")
          .text(field.name)
          .text_if("label", field.title)
          .text_if("type", field.type);
      json.key("unique").boolean(field.unique).key("read_only").boolean(field.read_only);
      const auto* declared = connector::Connector::field(*object, field.name);
      json.key("required").boolean(declared != nullptr && declared->required);
      add_texts(json, "values", field.options);
      json.end_object();
    }
  return json_reply(json.end_array().end_object());
}

ServerReply list_connectors(Call& call) {
  const auto loaded = call.site.loaded();
  const auto& own = loaded->project().connector_files;
  JsonWriter json;
  json.begin_array();
  for (const auto& name : loaded->workspace->catalog().names()) {
    const auto connector = loaded->workspace->catalog().find(name);
    if (connector == nullptr) continue;
    const bool is_own = std::ranges::find(own, "connectors/" + name + ".yaml") != own.end();
    json.begin_object().key("name").text(name).key("title").text(connector->declaration().title);
    json.text_if("help", connector->declaration().summary).key("own").boolean(is_own).end_object();
  }
  return json_reply(json.end_array());
}

ServerReply get_connector(Call& call) {
  const auto loaded = call.site.loaded();
  const auto connector = loaded->workspace->catalog().find(call.name());
  if (connector == nullptr) return not_found("connector", call.name(), loaded->workspace->catalog().names());
  const auto& declaration = connector->declaration();
  JsonWriter json;
  json.begin_object().key("name").text(call.name()).key("title").text(declaration.title);
  json.text_if("help", declaration.summary).key("settings").begin_array();
  for (const auto& [name, place, setting] : declaration.settings) {
    json.begin_object().key("name").text(name).text_if("help", setting.help);
    json.key("type").text(name_of_type(setting.type)).key("required").boolean(setting.required);
    json.key("secret").boolean(setting.secret).text_if("example", setting.example);
    if (setting.by_default) json.key("default").text(*setting.by_default);
    if (!setting.choices.empty()) {
      json.key("choices").begin_array();
      for (const auto& choice : setting.choices) json.text(choice.name);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array().key("objects");
  add_objects(json, *connector);
  return json_reply(json.key("page").text(connector::connector_page(declaration)).end_object());
}

ServerReply list_transforms(Call&) {
  JsonWriter json;
  json.begin_array();
  for (const auto& facts : transform::all_transforms()) {
    json.begin_object().key("name").text(facts.name).key("help").text(facts.help);
    if (!facts.examples.empty()) json.key("example").text(facts.examples.front().transform);
    json.end_object();
  }
  return json_reply(json.end_array());
}

}  // namespace penstock::server
