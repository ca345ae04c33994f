// Message templates: reading them. functions.cpp fills them.
#include <fmt/format.h>

#include "transform/value.h"

namespace penstock::transform {
namespace {

Error wrong(std::string message, std::string remedy = "") {
  return {ErrorKind::config, std::move(message), std::move(remedy)};
}

std::string trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

// "upper" or "default: somewhere", whose text goes to the first parameter.
Result<Transform> parse_filter(std::string_view written) {
  const size_t colon = written.find(':');
  Transform filter{trimmed(written.substr(0, colon)), {}, {}};
  const Facts* facts = find_transform(filter.name);
  if (facts == nullptr) {
    std::vector<std::string> names;
    for (const Facts& each : all_transforms()) names.push_back(each.name);
    return wrong(fmt::format("there is no transform '{}'", filter.name),
                 declare::did_you_mean(filter.name, names));
  }
  std::string yaml = "[" + declare::json_text(filter.name) + "]";
  if (colon != std::string_view::npos) {
    if (facts->parameters.empty()) return wrong(fmt::format("{} takes no arguments", filter.name));
    const std::string argument = trimmed(written.substr(colon + 1));
    const bool bare = facts->parameters[0].type == Parameter::Type::integer ||
                      facts->parameters[0].type == Parameter::Type::boolean;
    yaml = fmt::format("[{{{}: {}}}]", declare::json_text(filter.name),
                       bare ? argument : declare::json_text(argument));
  }
  auto parsed = transforms_in(yaml);
  if (!parsed.ok()) return wrong(parsed.error().message, parsed.error().remedy);
  return std::move((*parsed)[0]);
}

Result<Template::Insert> parse_insert(std::string_view inside) {
  Template::Insert insert;
  size_t bar = inside.find('|');
  insert.column = trimmed(inside.substr(0, bar));
  if (insert.column.empty()) return wrong("'{}' names no column", "'{{' stands for a brace");
  while (bar != std::string_view::npos) {
    const size_t next = inside.find('|', bar + 1);
    auto filter = parse_filter(inside.substr(bar + 1, next - bar - 1));
    if (!filter.ok()) return filter.error();
    insert.filters.push_back(*std::move(filter));
    bar = next;
  }
  return insert;
}

}  // namespace

Result<Template> Template::parse(std::string_view text) {
  Template result;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) result.pieces_.push_back({std::exchange(literal, ""), std::nullopt});
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const bool doubled = i + 1 < text.size() && text[i + 1] == text[i];
    if ((text[i] == '{' || text[i] == '}') && doubled) {
      literal += text[i++];
    } else if (text[i] != '{') {
      literal += text[i];
    } else {
      const size_t end = text.find('}', i);
      if (end == std::string_view::npos)
        return wrong("a '{' is not closed", "write '{{' for a brace that stands for itself");
      auto insert = parse_insert(text.substr(i + 1, end - i - 1));
      if (!insert.ok()) return insert.error();
      end_literal();
      result.pieces_.push_back({"", *std::move(insert)});
      i = end;
    }
  }
  end_literal();
  return result;
}

std::vector<std::string> Template::columns() const {
  std::vector<std::string> names;
  for (const Piece& piece : pieces_)
    if (piece.insert) names.push_back(piece.insert->column);
  return names;
}

}  // namespace penstock::transform
