#include "transform/page.h"

#include <fmt/format.h>

namespace penstock::transform {
namespace {

// A pipe would end the cell.
std::string in_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

// White space at the ends and what cannot be seen is written as JSON writes it.
std::string shown(const std::string& text) {
  const bool plain = !text.empty() && text.front() != ' ' && text.back() != ' ' &&
                     text.find_first_of("\t\n") == std::string::npos &&
                     text.find("\u00a0") == std::string::npos;
  if (plain) return "`" + in_cell(text) + "`";
  std::string quoted = declare::json_text(text);
  for (size_t at; (at = quoted.find("\u00a0")) != std::string::npos;) quoted.replace(at, 2, "\\u00a0");
  return "`" + in_cell(quoted) + "`";
}

std::string result_of(const Example& example) {
  if (!example.why.empty()) return "invalid: " + in_cell(example.why);
  return example.out == kNothing ? std::string(kNothing) : shown(example.out);
}

std::string arguments_of(const Facts& facts) {
  if (facts.parameters.empty()) return "";
  std::string out = "\n| argument | takes | default | |\n| --- | --- | --- | --- |\n";
  for (const Parameter& parameter : facts.parameters) {
    const std::string by_default = parameter.required             ? "**required**"
                                   : parameter.by_default.empty() ? ""
                                                                  : "`" + in_cell(parameter.by_default) + "`";
    out += fmt::format("| `{}` | {} | {} | {}", parameter.name, takes(parameter), by_default,
                       in_cell(parameter.help));
    for (const auto& [name, help] : parameter.choices)
      if (!help.empty()) out += fmt::format("<br>`{}`: {}", name, in_cell(help));
    out += " |\n";
  }
  return out;
}

std::string examples_of(const Facts& facts) {
  std::string out = "\n| written | of | gives |\n| --- | --- | --- |\n";
  for (const Example& example : facts.examples)
    out += fmt::format("| `{}` | {} | {} |\n", in_cell(example.transform), shown(example.in),
                       result_of(example));
  return out;
}

}  // namespace

std::string takes(const Parameter& parameter) {
  std::vector<std::string> names;
  switch (parameter.type) {
    case Parameter::Type::text:
      return "text";
    case Parameter::Type::integer:
      return "whole number";
    case Parameter::Type::boolean:
      return "true or false";
    case Parameter::Type::values:
      return "map of text to text";
    case Parameter::Type::choice:
      for (const auto& [name, help] : parameter.choices) names.push_back("`" + name + "`");
      return fmt::format("{}", fmt::join(names, ", "));
  }
  die("a Parameter of no type");
}

std::string signature(const Facts& facts) {
  std::string out = facts.name;
  for (const Parameter& parameter : facts.parameters)
    out +=
        fmt::format("{}{}{}", parameter.required ? " " : " [", parameter.name, parameter.required ? "" : "]");
  return out;
}

std::string reference_page() {
  std::string out, group;
  for (const Facts& facts : all_transforms()) {
    if (facts.group != group) {
      group = facts.group;
      out += fmt::format("## {}\n\n", group);
    }
    out +=
        fmt::format("### {}\n\n{}\n{}{}\n", facts.name, facts.help, arguments_of(facts), examples_of(facts));
  }
  return out;
}

}  // namespace penstock::transform
