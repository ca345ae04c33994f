// transforms: what values can be brought through on their way.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "declare/declare.h"
#include "transform/page.h"

namespace penstock::cli {
namespace {

using transform::Example;
using transform::Facts;

std::string as_json(const Facts& facts) {
  declare::JsonWriter json;
  json.begin_object().key("transform").text(facts.name).key("group").text(facts.group);
  json.key("help").text(facts.help).key("arguments").begin_array();
  for (const auto& parameter : facts.parameters) {
    json.begin_object().key("argument").text(parameter.name).key("required").boolean(parameter.required);
    json.text_if("default", parameter.by_default).key("help").text(parameter.help);
    json.end_object();
  }
  json.end_array().key("examples").begin_array();
  for (const Example& example : facts.examples) {
    json.begin_object().key("written").text(example.transform).key("of").text(example.in);
    if (!example.why.empty())
      json.key("invalid").text(example.why);
    else if (example.out == transform::kNothing)
      json.key("gives").raw("null");
    else
      json.key("gives").text(example.out);
    json.end_object();
  }
  return json.end_array().end_object().str();
}

// The first sentence: a list has no room for more.
std::string first_sentence(const std::string& help) {
  const size_t end = help.find(". ");
  return end == std::string::npos ? help : help.substr(0, end + 1);
}

int list_transforms(const Globals& globals) {
  std::string group;
  for (const Facts& facts : transform::all_transforms()) {
    if (globals.json) {
      fmt::print("{}\n", as_json(facts));
      continue;
    }
    if (facts.group != group)
      fmt::print("{}{}\n", group.empty() ? "" : "\n",
                 styled(facts.group, Style::bold, globals.terminal.colour_out));
    group = facts.group;
    fmt::print("  {:<16} {}\n", facts.name, first_sentence(facts.help));
  }
  return kDone;
}

void print_parameter(const transform::Parameter& parameter) {
  const std::string note = parameter.required ? " (required)"
                           : parameter.by_default.empty()
                               ? ""
                               : fmt::format(" (default {})", parameter.by_default);
  fmt::print("  {:<16} {}{}\n", parameter.name, parameter.help, note);
  for (const auto& [name, help] : parameter.choices) fmt::print("  {:<16}   {}: {}\n", "", name, help);
}

int show_transform(const Globals& globals, const std::string& name) {
  const Facts* facts = transform::find_transform(name);
  if (facts == nullptr) {
    std::vector<std::string> names;
    for (const Facts& each : transform::all_transforms()) names.push_back(each.name);
    return print_error(globals, {ErrorKind::config, fmt::format("there is no transform '{}'", name),
                                 declare::did_you_mean(name, names)});
  }
  if (globals.json) {
    fmt::print("{}\n", as_json(*facts));
    return kDone;
  }
  fmt::print("{}\n\n{}\n", styled(transform::signature(*facts), Style::bold, globals.terminal.colour_out),
             facts->help);
  if (!facts->parameters.empty()) fmt::print("\nArguments (the first may stand alone)\n");
  for (const auto& parameter : facts->parameters) print_parameter(parameter);
  fmt::print("\nExamples\n");
  for (const Example& example : facts->examples)
    fmt::print("  transform: {}\n    {} -> {}\n", example.transform, declare::json_text(example.in),
               !example.why.empty()                 ? "invalid: " + example.why
               : example.out == transform::kNothing ? example.out
                                                    : declare::json_text(example.out));
  return kDone;
}

}  // namespace

void add_transforms(Door door) {
  auto* command = door.app.add_subcommand("transforms", "List the named transforms, or explain one");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "The transform");
  command->callback([door, name] {
    door.run = [door, name] {
      return name->empty() ? list_transforms(door.globals) : show_transform(door.globals, *name);
    };
  });
}

}  // namespace penstock::cli
