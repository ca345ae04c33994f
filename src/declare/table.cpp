#include "declare/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/nearest.h"
#include "declare/utf8.h"

namespace penstock::declare {
namespace {

std::string with_article(std::string_view name) {
  if (name.ends_with('s')) return std::string(name);  // many: "defaults"
  const bool vowel = !name.empty() && std::string_view("aeiou").find(name[0]) != std::string_view::npos;
  return fmt::format("{} {}", vowel ? "an" : "a", name);
}

// A default is part of the program: one that is not YAML is our mistake.
Node parse_own(const std::string& field, const std::string& yaml) {
  Diagnostics diagnostics;
  auto node = parse_yaml(std::make_shared<SourceFile>("default of " + field, yaml), diagnostics);
  check(node.has_value(), "a default value is YAML");
  return *std::move(node);
}

// A default stands where the struct stands that lacks the field.
void move_to(Node& node, const Place& place) {
  node.place = place;
  for (Node& item : node.items) move_to(item, place);
  for (Entry& entry : node.entries) {
    entry.key_place = place;
    move_to(entry.value, place);
  }
}

bool is_written_out(const Node& node) {
  return node.is_scalar() && !node.text.empty() && node.text.find("${") == std::string::npos;
}

}  // namespace

Table::Table(const TypeFacts& type, std::string name, std::string help, std::vector<Field> fields,
             Rules rules)
    : Shape(type),
      name_(std::move(name)),
      help_(std::move(help)),
      fields_(std::move(fields)),
      rules_(std::move(rules)) {
  for (const Field& field : fields_) {
    names_.push_back(field.name());
    defaults_.emplace_back();
    if (!field.default_yaml().empty()) defaults_.back() = parse_own(field.name(), field.default_yaml());
  }
}

Table::~Table() = default;

const Field* Table::find(std::string_view name) const {
  for (const Field& field : fields_)
    if (field.name() == name) return &field;
  return nullptr;
}

Node Table::default_of(std::string_view name, const Place& place) const {
  Node value;
  for (size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].name() == name && defaults_[i]) value = *defaults_[i];
  move_to(value, place);
  return value;
}

bool Table::takes(const Node& node) const {
  if (node.is_map()) return true;
  const Field* field = rules_.shorthand.empty() ? nullptr : find(rules_.shorthand);
  return field && field->shape().takes(node);
}

std::string Table::phrase() const {
  std::string shown;
  for (const Field& field : fields_)
    if (field.is_required()) shown += field.name() + ", ";
  shown = shown.empty() ? list_names(names_, 6, "and") : shown + "...";
  const std::string map = fmt::format("{} (a map with {})", with_article(name_), shown);
  const Field* shorthand = rules_.shorthand.empty() ? nullptr : find(rules_.shorthand);
  return shorthand ? fmt::format("{}, or {}", shorthand->shape().phrase(), map) : map;
}

std::vector<const Shape*> Table::parts() const {
  std::vector<const Shape*> out;
  for (const Field& field : fields_) out.push_back(&field.shape());
  return out;
}

bool Table::read(const Node& node, void* into, Reading& reading) const {
  return read_besides(node, "", into, reading);
}

bool Table::read_besides(const Node& node, std::string_view besides, void* into, Reading& reading) const {
  if (rules_.place) *rules_.place(into) = node.place;
  if (node.is_map()) return read_map(node, besides, into, reading);
  if (!takes(node)) {
    reading.unexpected(node, phrase());
    return false;
  }
  Node map;
  map.kind = Node::Kind::map;
  map.place = node.place;
  map.entries.push_back({rules_.shorthand, node.place, node});
  return read_map(map, besides, into, reading);
}

bool Table::read_map(const Node& map, std::string_view besides, void* into, Reading& reading) const {
  bool good = read_fields(map, besides, into, reading);
  good = check_missing(map, reading) && good;
  good = check_groups(map, reading) && good;
  good = check_needs(map, reading) && good;
  good = read_defaults(map, into, reading) && good;
  if (!good) return false;
  for (const auto& check : rules_.checks) good = check(into, map, reading) && good;
  return good;
}

bool Table::read_fields(const Node& map, std::string_view besides, void* into, Reading& reading) const {
  bool good = true;
  for (const Entry& entry : map.entries) {
    if (entry.key == besides) continue;
    if (const Field* field = find(entry.key)) {
      good = read_field(*field, entry, into, reading) && good;
    } else {
      report_unknown(entry, reading);
      good = false;
    }
  }
  return good;
}

bool Table::read_field(const Field& field, const Entry& entry, void* into, Reading& reading) const {
  const Reading::Step step(reading, field.name(), field.is_secret());
  if (!field.deprecated().empty())
    reading.warning(entry.key_place, fmt::format("'{}' is deprecated", field.name())).remedy =
        field.deprecated();
  if (!field.shape().read(entry.value, field.target(into), reading)) return false;
  if (field.is_secret() && is_written_out(entry.value))
    reading.warning(entry.value.place, "a secret is written out in the file").remedy =
        "keep it out of git: write ${env:NAME}, ${file:PATH} or ${secret:NAME}";
  return true;
}

bool Table::read_defaults(const Node& map, void* into, Reading& reading) const {
  bool good = true;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (!defaults_[i] || map.find(fields_[i].name())) continue;
    const Node value = default_of(fields_[i].name(), map.place);
    const Reading::Step step(reading, fields_[i].name(), fields_[i].is_secret());
    good = fields_[i].shape().read(value, fields_[i].target(into), reading) && good;
  }
  return good;
}

bool Table::check_missing(const Node& map, Reading& reading) const {
  bool good = true;
  for (const Field& field : fields_) {
    if (!field.is_required() || map.find(field.name())) continue;
    good = false;
    if (is_misspelt(field, map)) continue;
    Diagnostic& wrong = reading.error(
        map.place, fmt::format("the field '{}' is missing in {}", field.name(), with_article(name_)));
    const bool one_line = !field.example().empty() && field.example().find('\n') == std::string::npos;
    wrong.remedy = one_line ? fmt::format("add it, for example '{}: {}'", field.name(), field.example())
                            : fmt::format("add it: expected {}", field.shape().phrase());
  }
  return good;
}

// The report of the unknown name says enough.
bool Table::is_misspelt(const Field& field, const Node& map) const {
  return std::any_of(map.entries.begin(), map.entries.end(), [&](const Entry& entry) {
    return !find(entry.key) && nearest(entry.key, names_) == field.name();
  });
}

bool Table::check_groups(const Node& map, Reading& reading) const {
  bool good = true;
  for (const auto& group : rules_.exactly_one) good = check_group(map, group, true, reading) && good;
  for (const auto& group : rules_.at_most_one) good = check_group(map, group, false, reading) && good;
  return good;
}

bool Table::check_group(const Node& map, const std::vector<std::string>& group, bool one_needed,
                        Reading& reading) const {
  const Entry* first = nullptr;
  for (const Entry& entry : map.entries) {
    if (std::find(group.begin(), group.end(), entry.key) == group.end()) continue;
    if (!first) {
      first = &entry;
      continue;
    }
    Diagnostic& wrong = reading.error(
        entry.key_place,
        fmt::format("'{}' cannot stand beside '{}' in {}", entry.key, first->key, with_article(name_)));
    wrong.notes.push_back({first->key_place, fmt::format("'{}' is given here", first->key)});
    wrong.remedy = "keep only one of " + list_names(group);
    return false;
  }
  if (first || !one_needed) return true;
  reading.error(map.place, fmt::format("{} needs one of {}", with_article(name_), list_names(group))).remedy =
      fmt::format("add one of {}", list_names(group));
  return false;
}

bool Table::check_needs(const Node& map, Reading& reading) const {
  bool good = true;
  for (const auto& [field, other] : rules_.needs) {
    const Entry* entry = map.find(field);
    if (!entry || map.find(other)) continue;
    reading.error(entry->key_place, fmt::format("'{}' means something only beside '{}'", field, other))
        .remedy = fmt::format("add '{}', or remove '{}'", other, field);
    good = false;
  }
  return good;
}

void Table::report_unknown(const Entry& entry, Reading& reading) const {
  Diagnostic& wrong = reading.error(
      entry.key_place, fmt::format("unknown field '{}' in {}", shorten(entry.key, 40), with_article(name_)));
  wrong.hint = did_you_mean(entry.key, names_);
  wrong.remedy = fmt::format("the fields of {} are {}", with_article(name_), list_names(names_, 20, "and"));
}

}  // namespace penstock::declare
