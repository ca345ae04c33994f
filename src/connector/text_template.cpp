#include "connector/text_template.h"

#include <fmt/format.h>

#include "declare/nearest.h"

namespace penstock::connector {
namespace {

using What = Placeholder::What;

struct Named {
  std::string_view name;
  What what;
};
constexpr Named kNames[] = {
    {"object", What::object},
    {"match_field", What::match_field},
    {"read_fields", What::read_fields},
    {"page", What::page},
    {"match", What::match},
    {"matches", What::matches},
    {"record_id", What::record_id},
    {"record_ids", What::record_ids},
    {"trace", What::trace},
    {"fields", What::fields},
    {"job", What::job},
};

Error unknown_placeholder(std::string_view name) {
  std::vector<std::string> names{"setting.NAME"};
  for (const auto& named : kNames) names.emplace_back(named.name);
  return {ErrorKind::config, fmt::format("unknown placeholder '{{{}}}'", name),
          fmt::format("the placeholders are {}", fmt::join(names, ", "))};
}

Result<Placeholder> parse_placeholder(std::string_view text) {
  Placeholder placeholder;
  if (text.ends_with("|lower")) {
    placeholder.lower = true;
    text.remove_suffix(6);
  }
  if (text.starts_with("setting.")) {
    placeholder.argument = text.substr(8);
    return placeholder;
  }
  for (const auto& named : kNames) {
    if (named.name != text) continue;
    placeholder.what = named.what;
    return placeholder;
  }
  return unknown_placeholder(text);
}

}  // namespace

bool is_of_row(What what) {
  return what == What::match || what == What::record_id || what == What::trace || what == What::fields;
}

bool is_of_batch(What what) {
  return what == What::matches || what == What::record_ids;
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
