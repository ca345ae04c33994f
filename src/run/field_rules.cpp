#include "run/field_rules.h"

#include <fmt/format.h>

namespace penstock {
namespace {

using connector::Connector;
using connector::FieldDeclaration;
using connector::Object;

bool is_pattern(std::string_view name) {
  return name.find('*') != name.npos;
}

bool creates(config::Mode mode) {
  return mode != config::Mode::update && mode != config::Mode::remove;
}

bool is_given(const config::Sync& sync, const std::string& field) {
  const auto named = [&](const auto& each) { return each.name == field; };
  return std::any_of(sync.fields.begin(), sync.fields.end(), named) ||
         std::any_of(sync.match.begin(), sync.match.end(), named);
}

void check_required(const config::Sync& sync, const Connector& connector, const Object& object,
                    declare::Diagnostics& diagnostics) {
  if (!creates(*sync.mode)) return;
  for (const auto& field : object.fields) {
    if (!field.value.required || is_pattern(field.name) || is_given(sync, field.name)) continue;
    auto& diagnostic = diagnostics.error(
        sync.object.place, fmt::format("{} cannot create {} without the field '{}'",
                                       connector.declaration().title, *sync.object, field.name));
    diagnostic.remedy = fmt::format("map it under 'fields', or use mode update{}{}",
                                    field.value.help.empty() ? "" : ": ", field.value.help);
  }
}

// The settings that a `convert` names, of a destination.
Result<std::map<std::string, std::string>> settings_of(const Workspace& workspace,
                                                       const config::Destination& destination, Login login) {
  auto settings = resolve_settings(destination, workspace.resolver(), login);
  if (!settings.ok()) return settings.error();
  return std::move(settings->values);
}

FieldFacts facts_of(const FieldDeclaration& field, const std::map<std::string, std::string>& settings) {
  const auto setting = [&](std::string_view name) {
    const auto found = settings.find(std::string(name.substr(name.find('.') + 1)));
    return found == settings.end() ? std::string() : found->second;
  };
  return {transform::filled(field.convert, setting), field.escape == "none" ? "" : field.escape,
          field.personal};
}

}  // namespace

void check_with_connector(const config::Sync& sync, const Connector& connector,
                          declare::Diagnostics& diagnostics) {
  if (const Object* object = connector.object(*sync.object))
    return check_required(sync, connector, *object, diagnostics);
  const auto names = connector.object_names();
  auto& diagnostic = diagnostics.error(
      sync.object.place, fmt::format("{} has no object '{}'", connector.declaration().title, *sync.object));
  diagnostic.hint = declare::did_you_mean(*sync.object, names);
  diagnostic.remedy = fmt::format("its objects are {}", declare::list_names(names));
}

Result<FieldFactsOf> field_facts(const Workspace& workspace, const config::Sync& sync,
                                 const config::Destination& destination, Login login) {
  const auto connector = workspace.catalog().find(*destination.type);
  const Object* object = connector->object(*sync.object);
  if (object == nullptr || object->fields.empty()) return FieldFactsOf();
  std::map<std::string, std::string> settings;
  const bool asks = std::any_of(object->fields.begin(), object->fields.end(), [](const auto& field) {
    return transform::has_placeholders(field.value.convert);
  });
  if (asks) {
    auto resolved = settings_of(workspace, destination, login);
    if (!resolved.ok()) return resolved.error();
    settings = *std::move(resolved);
  }
  // The connector is kept: the object is a part of it.
  return FieldFactsOf([connector, object, settings](std::string_view name) {
    const FieldDeclaration* field = Connector::field(*object, name);
    return field != nullptr ? facts_of(*field, settings) : FieldFacts{};
  });
}

}  // namespace penstock
