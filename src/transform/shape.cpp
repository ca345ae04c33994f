// How files write transforms: what reads them, explains what is wrong, and describes them for editors.
#include <fmt/format.h>

#include "transform/value.h"

namespace penstock::transform {
namespace {

using declare::Reading;
using Type = Parameter::Type;

const declare::ScalarFacts& words() {
  static const declare::ScalarFacts facts = [] {
    declare::JsonWriter names, schema;
    names.begin_array();
    for (const Facts& each : all_transforms()) names.text(each.name);
    names.end_array();
    schema.begin_object().key("anyOf").begin_array();
    schema.begin_object().key("enum").raw(names.str()).end_object();
    schema.begin_object().key("type").text("object").key("minProperties").integer(1);
    schema.key("maxProperties").integer(1).key("propertyNames").begin_object().key("enum").raw(names.str());
    schema.end_object().end_object().end_array().end_object();
    return declare::ScalarFacts{"transform", "a transform such as trim or { phone: DE }", schema.str(), true};
  }();
  return facts;
}

std::string usage(const Facts& facts) {
  if (facts.parameters.empty()) return fmt::format("{} takes no arguments", facts.name);
  std::vector<std::string> names;
  for (const auto& parameter : facts.parameters) names.push_back(parameter.name);
  return fmt::format("{} takes {}: see 'penstock transforms {}'", facts.name,
                     declare::list_names(names, 12, "and"), facts.name);
}

bool check_choice(const Parameter& parameter, const Node& node, Reading& reading) {
  std::vector<std::string> names;
  for (const auto& [name, help] : parameter.choices) names.push_back(name);
  if (node.is_scalar() && std::find(names.begin(), names.end(), node.text) != names.end()) return true;
  auto& wrong = reading.unexpected(node, declare::list_names(names));
  if (node.is_scalar()) wrong.hint = declare::did_you_mean(node.text, names);
  return false;
}

bool check_values(const Node& node, Reading& reading) {
  if (!node.is_map() || node.entries.empty()) {
    reading.unexpected(node, "a map from values to what stands for them");
    return false;
  }
  for (const auto& entry : node.entries) {
    if (entry.value.is_scalar()) continue;
    const Reading::Step step(reading, entry.key);
    reading.unexpected(entry.value, "a plain value");
    return false;
  }
  return true;
}

bool check_argument(const Parameter& parameter, const Node& node, Reading& reading) {
  const Reading::Step step(reading, parameter.name);
  switch (parameter.type) {
    case Type::text:
      if (node.is_scalar()) return true;
      reading.unexpected(node, "a text");
      return false;
    case Type::choice:
      return check_choice(parameter, node, reading);
    case Type::integer: {
      int64_t number = 0;
      return read(declare::integer({.min = parameter.min, .max = parameter.max}), node, number, reading);
    }
    case Type::boolean: {
      bool truth = false;
      return read(declare::boolean(), node, truth, reading);
    }
    case Type::values:
      return check_values(node, reading);
  }
  return false;
}

const Parameter* find_parameter(const Facts& facts, std::string_view name) {
  for (const Parameter& parameter : facts.parameters)
    if (parameter.name == name) return &parameter;
  return nullptr;
}

// { phone: DE } and { map: { gold: G } } give the first parameter alone.
bool stands_alone(const Facts& facts, const Node& node) {
  if (!node.is_map()) return true;
  return facts.parameters[0].type == Type::values && node.find(facts.parameters[0].name) == nullptr;
}

bool read_named(const Facts& facts, const Node& node, Transform& into, Reading& reading) {
  bool good = true;
  for (const auto& entry : node.entries) {
    const Parameter* parameter = find_parameter(facts, entry.key);
    if (parameter == nullptr) {
      std::vector<std::string> names;
      for (const auto& each : facts.parameters) names.push_back(each.name);
      auto& wrong = reading.error(entry.key_place, fmt::format("there is no argument '{}'", entry.key));
      wrong.hint = declare::did_you_mean(entry.key, names);
      wrong.remedy = usage(facts);
      good = false;
    } else if (check_argument(*parameter, entry.value, reading)) {
      into.arguments.push_back({entry.key, entry.key_place, entry.value});
    } else {
      good = false;
    }
  }
  return good;
}

bool read_arguments(const Facts& facts, const Node& node, Transform& into, Reading& reading) {
  if (node.is_null()) return true;
  if (facts.parameters.empty()) {
    reading.error(node.place, "takes no arguments").remedy = fmt::format("write '{}' alone", facts.name);
    return false;
  }
  if (!stands_alone(facts, node)) return read_named(facts, node, into, reading);
  const Parameter& parameter = facts.parameters[0];
  if (!check_argument(parameter, node, reading)) return false;
  into.arguments.push_back({parameter.name, node.place, node});
  return true;
}

bool check_required(const Facts& facts, const Transform& transform, const Place& place, Reading& reading) {
  for (const Parameter& parameter : facts.parameters) {
    if (!parameter.required || Arguments(transform).find(parameter.name) != nullptr) continue;
    auto& wrong = reading.error(place, fmt::format("the argument '{}' is missing", parameter.name));
    wrong.remedy = facts.examples.empty() ? usage(facts)
                                          : fmt::format("write it as in '{}'", facts.examples[0].transform);
    return false;
  }
  return true;
}

// The first {setting.NAME} or {option.NAME} from `from` on; npos: none.
size_t find_placeholder(std::string_view text, size_t from) {
  return std::min(text.find("{setting.", from), text.find("{option.", from));
}

bool has_placeholder(const Transform& transform) {
  return std::any_of(transform.arguments.begin(), transform.arguments.end(), [](const auto& argument) {
    return find_placeholder(argument.value.text, 0) != std::string::npos;
  });
}

std::string filled_text(const std::string& text, const std::function<std::string(std::string_view)>& value) {
  std::string out;
  size_t done = 0;
  for (size_t at; (at = find_placeholder(text, done)) != std::string::npos;) {
    const size_t end = text.find('}', at);
    if (end == std::string::npos) break;
    out += text.substr(done, at - done) + value(std::string_view(text).substr(at + 1, end - at - 1));
    done = end + 1;
  }
  return out + text.substr(done);
}

bool read_transform(const Node& node, Transform& into, Reading& reading, Placeholders placeholders) {
  const bool named = node.is_map() && node.entries.size() == 1;
  if (!named && !node.is_scalar()) {
    reading.unexpected(node, words().phrase);
    return false;
  }
  into.name = named ? node.entries[0].key : node.text;
  into.place = named ? node.entries[0].key_place : node.place;
  const Entry* entry = find_entry(into.name);
  if (entry == nullptr) {
    std::vector<std::string> names;
    for (const Facts& each : all_transforms()) names.push_back(each.name);
    auto& wrong = reading.error(into.place, fmt::format("there is no transform '{}'", into.name));
    wrong.hint = declare::did_you_mean(into.name, names);
    wrong.remedy = "'penstock transforms' lists them";
    return false;
  }
  const Reading::Step step(reading, into.name);
  if (named && !read_arguments(entry->facts, node.entries[0].value, into, reading)) return false;
  if (!check_required(entry->facts, into, into.place, reading)) return false;
  if (placeholders == Placeholders::allowed && has_placeholder(into)) return true;
  const auto made = entry->make(Arguments(into));
  if (made.ok()) return true;
  reading.error(into.place, made.error().message).remedy = made.error().remedy;
  return false;
}

}  // namespace

const declare::Of<Transforms>& transforms_shape(Placeholders placeholders) {
  const auto shape_with = [](Placeholders those) {
    return declare::list(
               declare::custom<Transform>(words(),
                                          [those](const Node& node, Transform& into, Reading& reading) {
                                            return read_transform(node, into, reading, those);
                                          }))
        .or_one()
        .not_empty()
        .what("a transform such as trim or { phone: DE }, or a list of them");
  };
  static const declare::Of<Transforms> plain = shape_with(Placeholders::none);
  static const declare::Of<Transforms> with_placeholders = shape_with(Placeholders::allowed);
  return placeholders == Placeholders::none ? plain : with_placeholders;
}

namespace {

// Texts as they are written, whatever YAML would take them for: 01 stays 01.
void write_argument(declare::JsonWriter& json, Type type, const Node& node) {
  const auto integer = declare::parse_integer(node.text);
  if (type == Type::integer && integer.ok()) {
    json.integer(*integer);  // +2 is a text elsewhere
  } else if (type == Type::integer || type == Type::boolean) {
    json.raw(declare::as_json(node));
  } else if (type == Type::values) {
    json.begin_object();
    for (const auto& entry : node.entries) json.key(entry.key).text(entry.value.text);
    json.end_object();
  } else {
    json.text(node.text);
  }
}

}  // namespace

std::string as_json(const Transforms& transforms) {
  declare::JsonWriter json;
  json.begin_array();
  for (const Transform& transform : transforms) {
    if (transform.arguments.empty()) {
      json.text(transform.name);
      continue;
    }
    const Facts& facts = *find_transform(transform.name);
    json.begin_object().key(transform.name).begin_object();
    for (const auto& argument : transform.arguments)
      write_argument(json.key(argument.name), find_parameter(facts, argument.name)->type, argument.value);
    json.end_object().end_object();
  }
  return json.end_array().str();
}

bool has_placeholders(const Transforms& transforms) {
  return std::any_of(transforms.begin(), transforms.end(), has_placeholder);
}

Transforms filled(const Transforms& transforms, const std::function<std::string(std::string_view)>& value) {
  Transforms result = transforms;
  for (Transform& transform : result)
    for (auto& argument : transform.arguments) argument.value.text = filled_text(argument.value.text, value);
  return result;
}

Result<Transforms> transforms_in(std::string_view json) {
  declare::Diagnostics diagnostics;
  const auto file = std::make_shared<declare::SourceFile>("transforms", std::string(json));
  Transforms transforms;
  if (const auto node = declare::parse_yaml(file, diagnostics))
    read(transforms_shape(), *node, transforms, diagnostics);
  if (!diagnostics.ok()) return declare::as_error(diagnostics);
  return transforms;
}

}  // namespace penstock::transform
