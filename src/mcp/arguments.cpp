#include "mcp/arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/json.h"
#include "declare/nearest.h"

namespace penstock::mcp {
namespace {

std::string expected(const Parameter& parameter) {
  switch (parameter.kind) {
    case Kind::text:
      return "a text";
    case Kind::words:
      return "a list of texts";
    case Kind::integer:
      return fmt::format("a whole number from {} to {}", parameter.least, parameter.most);
    case Kind::flag:
      return "true or false";
  }
  return "";
}

void type_schema(declare::JsonWriter& json, const Parameter& parameter) {
  static constexpr const char* kTypes[] = {"string", "array", "integer", "boolean"};
  json.key("type").text(kTypes[static_cast<size_t>(parameter.kind)]);
  if (parameter.kind == Kind::words) json.key("items").begin_object().key("type").text("string").end_object();
  if (parameter.kind != Kind::integer) return;
  json.key("minimum").integer(parameter.least).key("maximum").integer(parameter.most);
  if (parameter.by_default) json.key("default").integer(*parameter.by_default);
}

}  // namespace

std::string input_schema(const std::vector<Parameter>& parameters) {
  declare::JsonWriter json;
  json.begin_object().key("type").text("object").key("properties").begin_object();
  for (const auto& parameter : parameters) {
    json.key(parameter.name).begin_object();
    type_schema(json, parameter);
    json.key("description").text(parameter.help).end_object();
  }
  json.end_object().key("required").begin_array();
  for (const auto& parameter : parameters)
    if (parameter.required) json.text(parameter.name);
  return json.end_array().key("additionalProperties").boolean(false).end_object().str();
}

std::optional<Arguments::Value> Arguments::read_value(const Parameter& parameter,
                                                      simdjson::dom::element given) {
  if (parameter.kind == Kind::flag) {
    bool flag = false;
    return given.get(flag) == simdjson::SUCCESS ? std::optional<Value>(flag) : std::nullopt;
  }
  if (parameter.kind == Kind::integer) {
    int64_t integer = 0;
    const bool fits =
        given.get(integer) == simdjson::SUCCESS && integer >= parameter.least && integer <= parameter.most;
    return fits ? std::optional<Value>(integer) : std::nullopt;
  }
  std::string_view text;
  const bool is_text = given.get(text) == simdjson::SUCCESS;
  if (parameter.kind == Kind::text) return is_text ? std::optional<Value>(std::string(text)) : std::nullopt;
  // One word alone is a list of one.
  if (is_text) return std::vector<std::string>{std::string(text)};
  simdjson::dom::array items;
  if (given.get(items) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::string> words;
  for (const simdjson::dom::element item : items) {
    if (item.get(text) != simdjson::SUCCESS) return std::nullopt;
    words.emplace_back(text);
  }
  return words;
}

Result<Arguments> Arguments::read(const std::vector<Parameter>& parameters,
                                  const std::optional<simdjson::dom::object>& given) {
  Arguments arguments;
  std::vector<std::string> known;
  for (const auto& parameter : parameters) known.emplace_back(parameter.name);
  const auto wrong = [](std::string message, std::string remedy = "") {
    return Error{ErrorKind::config, std::move(message), std::move(remedy)};
  };
  if (given)
    for (const auto [name, value] : *given) {
      const auto parameter =
          std::find_if(parameters.begin(), parameters.end(),
                       [&, wanted = name](const Parameter& one) { return one.name == wanted; });
      if (parameter == parameters.end()) {
        const std::string hint = declare::did_you_mean(name, known);
        const std::string all = known.empty() ? "this tool takes no arguments"
                                              : "arguments: " + declare::list_names(known, 12, "and");
        return wrong(fmt::format("there is no argument '{}'", name),
                     hint.empty() ? all : hint + " (" + all + ")");
      }
      if (value.is_null()) continue;  // as if it were not given
      auto read = read_value(*parameter, value);
      if (!read) return wrong(fmt::format("'{}' must be {}", name, expected(*parameter)));
      arguments.values_[std::string(name)] = *std::move(read);
    }
  for (const auto& parameter : parameters) {
    if (arguments.has(parameter.name)) continue;
    if (parameter.required)
      return wrong(fmt::format("the argument '{}' is missing", parameter.name), std::string(parameter.help));
    if (parameter.by_default) arguments.values_[std::string(parameter.name)] = *parameter.by_default;
  }
  return arguments;
}

std::string Arguments::text(std::string_view name) const {
  return value<std::string>(name);
}
std::vector<std::string> Arguments::words(std::string_view name) const {
  return value<std::vector<std::string>>(name);
}
uint64_t Arguments::integer(std::string_view name) const {
  return static_cast<uint64_t>(value<int64_t>(name));
}
bool Arguments::flag(std::string_view name) const {
  return value<bool>(name);
}

}  // namespace penstock::mcp
