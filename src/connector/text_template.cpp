#include "connector/text_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/nearest.h"

namespace penstock::connector {
namespace {

using What = Placeholder::What;
using Filter = Placeholder::Filter;

struct NamedWhat {
  std::string_view name;
  What what;
  bool takes_name = false;  // {name.ARGUMENT}
};
constexpr NamedWhat kNames[] = {
    {"setting", What::setting, true},
    {"option", What::option, true},
    {"object", What::object},
    {"object", What::object_word, true},
    {"field_types", What::field_types},
    {"match_field", What::match_field},
    {"read_fields", What::read_fields},
    {"page", What::page},
    {"run", What::run},
    {"job", What::job},
    {"session", What::session},
    {"part", What::part},
    {"matches", What::matches},
    {"record_ids", What::record_ids},
    {"match", What::match},
    {"match", What::match, true},
    {"match_values", What::match_values},
    {"match_members", What::match_members},
    {"record_id", What::record_id},
    {"trace", What::trace},
    {"key", What::key},
    {"once", What::once},
    {"field", What::field, true},
    {"reference", What::reference, true},
    {"fields", What::fields},
    {"fields", What::fields, true},
};

struct NamedFilter {
  std::string_view name;
  Filter filter;
};
constexpr NamedFilter kFilters[] = {{"lower", Filter::lower}, {"quote", Filter::quote},
                                    {"json", Filter::json},   {"join", Filter::join},
                                    {"text", Filter::text},   {"number", Filter::number}};

Error unknown_placeholder(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& named : kNames)
    names.push_back(fmt::format("{}{}", named.name, named.takes_name ? ".NAME" : ""));
  return {ErrorKind::config, fmt::format("unknown placeholder '{{{}}}'", name),
          fmt::format("the placeholders are {}", fmt::join(names, ", "))};
}

Result<Filter> parse_filter(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& named : kFilters) {
    if (named.name == name) return named.filter;
    names.emplace_back(named.name);
  }
  return Error{ErrorKind::config, fmt::format("unknown filter '|{}'", name),
               fmt::format("the filters are {}", fmt::join(names, ", "))};
}

Result<Placeholder> parse_placeholder(std::string_view whole) {
  Placeholder placeholder;
  std::string_view text = whole.substr(0, whole.find('|'));
  for (size_t bar = text.size(); bar < whole.size();) {
    const size_t next = std::min(whole.find('|', bar + 1), whole.size());
    const auto filter = parse_filter(whole.substr(bar + 1, next - bar - 1));
    if (!filter.ok()) return filter.error();
    placeholder.filters.push_back(*filter);
    bar = next;
  }
  const size_t dot = text.find('.');
  const bool has_name = dot != text.npos && dot + 1 < text.size();
  for (const auto& named : kNames) {
    if (named.name != text.substr(0, dot) || named.takes_name != has_name) continue;
    placeholder.what = named.what;
    if (has_name) placeholder.argument = text.substr(dot + 1);
    return placeholder;
  }
  return unknown_placeholder(text);
}

}  // namespace

bool Placeholder::has(Filter filter) const {
  return std::find(filters.begin(), filters.end(), filter) != filters.end();
}

bool is_of_row(What what) {
  return what >= What::match;
}

bool is_of_batch(What what) {
  return what == What::matches || what == What::record_ids;
}

bool is_constant(What what) {
  return what <= What::match_field;
}

bool is_members(What what) {
  return what == What::fields || what == What::match_members;
}

Result<TextTemplate> TextTemplate::parse(std::string_view text) {
  TextTemplate result;
  std::string literal;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{' || text.substr(i).starts_with("{{")) {
      if (text[i] == '{') ++i;
      literal += text[i];
      continue;
    }
    const size_t end = text.find('}', i);
    if (end == text.npos)
      return Error{ErrorKind::config, "a placeholder is not closed with '}'", "write {{ for a brace"};
    auto placeholder = parse_placeholder(text.substr(i + 1, end - i - 1));
    if (!placeholder.ok()) return placeholder.error();
    if (!literal.empty()) result.pieces_.push_back({std::exchange(literal, {}), std::nullopt});
    result.pieces_.push_back({"", *std::move(placeholder)});
    i = end;
  }
  if (!literal.empty()) result.pieces_.push_back({std::move(literal), std::nullopt});
  return result;
}

const Placeholder* TextTemplate::alone() const {
  return pieces_.size() == 1 && pieces_[0].placeholder ? &*pieces_[0].placeholder : nullptr;
}

std::string TextTemplate::fill(const std::function<std::string(const Placeholder&)>& value) const {
  std::string out;
  for (const auto& piece : pieces_) out += piece.placeholder ? value(*piece.placeholder) : piece.literal;
  return out;
}

}  // namespace penstock::connector
