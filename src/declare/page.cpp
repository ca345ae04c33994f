// Reference pages: the same tables, as Markdown.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "declare/schema.h"
#include "declare/table.h"

namespace penstock::declare {
namespace {

// A pipe would end the cell.
std::string in_cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|')
      out += "\\|";
    else if (c == '\n')
      out += ' ';
    else
      out += c;
  }
  return out;
}

std::string default_cell(const Field& field) {
  if (field.is_required()) return "**required**";
  if (!field.default_yaml().empty()) return fmt::format("`{}`", in_cell(field.default_yaml()));
  return in_cell(field.otherwise());
}

std::string help_cell(const Field& field) {
  std::string out = in_cell(field.help());
  if (field.is_secret()) out += " Secret: never shown.";
  if (!field.deprecated().empty()) out += fmt::format(" *Deprecated: {}.*", in_cell(field.deprecated()));
  for (const auto& [name, help] : field.shape().choices())
    if (!help.empty()) out += fmt::format("<br>`{}`: {}", name, in_cell(help));
  if (!field.example().empty()) out += fmt::format("<br>Example: `{}`", in_cell(field.example()));
  return out;
}

std::string table_of(const Table& table) {
  std::string out = "| field | takes | default | |\n| --- | --- | --- | --- |\n";
  for (const Field& field : table.fields())
    out += fmt::format("| `{}` | {} | {} | {} |\n", field.name(), in_cell(field.shape().name()),
                       default_cell(field), help_cell(field));
  return out;
}

std::string names_in_code(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "`" : ", `") + name + "`";
  return out;
}

std::string rules_of(const Table& table) {
  std::string out;
  const Rules& rules = table.rules();
  if (!rules.shorthand.empty())
    out += fmt::format("A plain value stands for `{{ {}: it }}`.\n", rules.shorthand);
  for (const auto& group : rules.exactly_one)
    out += fmt::format("Exactly one of {} is needed.\n", names_in_code(group));
  for (const auto& group : rules.at_most_one)
    out += fmt::format("At most one of {} is allowed.\n", names_in_code(group));
  for (const auto& [field, other] : rules.needs)
    out += fmt::format("`{}` is only allowed beside `{}`.\n", field, other);
  return out.empty() ? "" : "\n" + out;
}

std::string section_of(const Table& table, int level) {
  return fmt::format("{} {}\n\n{}\n\n{}{}", std::string(static_cast<size_t>(level), '#'), table.name(),
                     table.help(), table_of(table), rules_of(table));
}

}  // namespace

std::string reference_page(const Shape& shape, int level, const std::vector<std::string>& elsewhere) {
  std::string out;
  std::set<const Shape*> seen;
  std::deque<const Shape*> next{&shape};
  while (!next.empty()) {
    const Shape* current = next.front();
    next.pop_front();
    if (!seen.insert(current).second) continue;
    for (const Shape* part : current->parts()) next.push_back(part);
    const auto* table = dynamic_cast<const Table*>(current);
    if (!table || std::find(elsewhere.begin(), elsewhere.end(), table->name()) != elsewhere.end()) continue;
    if (!out.empty()) out += "\n";
    out += section_of(*table, level);
  }
  return out;
}

}  // namespace penstock::declare
