#include "config/schema.h"

#include <fmt/format.h>

#include "config/shapes.h"
#include "config/tests.h"

namespace penstock::config {
namespace {

declare::ShapeRef shape_of(std::string_view name, const ProjectKinds& kinds) {
  if (name == "project") return project_shape(&kinds).shape();
  if (name == "source") return all_settings_shape(KindOfType::source, kinds.sources).shape();
  if (name == "model") return model_shape().shape();
  if (name == "destination") return all_settings_shape(KindOfType::destination, kinds.destinations).shape();
  if (name == "sync") return sync_shape().shape();
  if (name == "test") return test_shape().shape();
  return all_settings_shape(KindOfType::alert, alert_kinds()).shape();
}

bool is_name(std::string_view name) {
  for (const std::string& each : schema_names())
    if (each == name) return true;
  return false;
}

}  // namespace

const std::vector<std::string>& schema_names() {
  static const std::vector<std::string> names = {"project", "source", "model", "destination",
                                                 "sync",    "alert",  "test"};
  return names;
}

Result<std::string> schema_of(std::string_view name, const ProjectKinds& kinds) {
  if (is_name(name)) return declare::json_schema(*shape_of(name, kinds));
  const std::string hint = declare::did_you_mean(name, schema_names());
  return Error{ErrorKind::config,
               fmt::format("there is no schema '{}'{}{}", name, hint.empty() ? "" : "; ", hint),
               fmt::format("use one of {}", declare::list_names(schema_names()))};
}

std::string all_schemas(const ProjectKinds& kinds) {
  declare::JsonWriter json(2);
  json.begin_object();
  for (const std::string& name : schema_names())
    json.key(name).raw(declare::json_schema(*shape_of(name, kinds)));
  json.end_object();
  return json.str();
}

std::string reference_of(std::string_view name) {
  if (name == "project")
    return declare::reference_page(*project_shape(), 3, {"defaults", "schedule", "guard", "batch"});
  if (name == "model") return declare::reference_page(*model_shape(), 3);
  if (name == "sync") return declare::reference_page(*sync_shape(), 3);
  if (name == "test") return declare::reference_page(*test_shape(), 3);
  check(name == "alert", "a reference page is of a project, model, sync, test or alert");
  return declare::reference_page(*all_settings_shape(KindOfType::alert, alert_kinds()), 3);
}

}  // namespace penstock::config
