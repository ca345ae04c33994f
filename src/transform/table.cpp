#include "transform/value.h"

namespace penstock::transform {

std::string_view name_of(Form form) {
  switch (form) {
    case Form::text:
      return "text";
    case Form::list:
      return "list";
    case Form::json:
      return "json";
  }
  die("a Form without a name");
}

const std::vector<Entry>& table() {
  static const std::vector<Entry> entries = [] {
    std::vector<Entry> all;
    for (auto* part :
         {text_entries, person_entries, number_entries, time_entries, list_entries, digest_entries})
      for (auto& entry : part()) all.push_back(std::move(entry));
    return all;
  }();
  return entries;
}

const Entry* find_entry(std::string_view name) {
  for (const Entry& entry : table())
    if (entry.facts.name == name) return &entry;
  return nullptr;
}

const std::vector<Facts>& all_transforms() {
  static const std::vector<Facts> facts = [] {
    std::vector<Facts> all;
    for (const Entry& entry : table()) all.push_back(entry.facts);
    return all;
  }();
  return facts;
}

const Facts* find_transform(std::string_view name) {
  for (const Facts& facts : all_transforms())
    if (facts.name == name) return &facts;
  return nullptr;
}

const Node* Arguments::find(std::string_view name) const {
  for (const auto& argument : transform_.arguments)
    if (argument.name == name) return &argument.value;
  return nullptr;
}

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
  const Node* node = find(name);
  return node != nullptr ? node->text : std::string(otherwise);
}

int64_t Arguments::integer(std::string_view name, int64_t otherwise) const {
  const Node* node = find(name);
  return node != nullptr ? std::stoll(node->text) : otherwise;
}

bool Arguments::flag(std::string_view name) const {
  const Node* node = find(name);
  return node != nullptr && node->meaning() == Node::Meaning::boolean && (node->text[0] | 0x20) == 't';
}

}  // namespace penstock::transform
