#include "declare/node.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/json.h"
#include "declare/units.h"
#include "declare/utf8.h"

namespace penstock::declare {
namespace {

constexpr size_t kShownCharacters = 40;

std::string_view after(std::string_view text, size_t bytes) {
  return text.substr(std::min(bytes, text.size()));
}

// Bytes of `line` before the character in column `column`.
size_t bytes_before(std::string_view line, uint32_t column) {
  size_t at = 0;
  for (uint32_t passed = 1; passed < column && at < line.size(); ++passed)
    at += std::max<size_t>(1, character_bytes(line.substr(at)));
  return at;
}

size_t leading_spaces(std::string_view text) {
  return std::min(text.find_first_not_of(' '), text.size());
}

// A literal block: the lines below its | as they stand, less an indentation.
void find_block_lines(const Node& scalar, Passage& passage) {
  const SourceFile& file = *scalar.place.file;
  const std::string_view mark =
      after(file.line(scalar.place.line), bytes_before(file.line(scalar.place.line), scalar.place.column));
  if (!mark.starts_with('|')) return;
  const size_t start = std::min(scalar.text.find_first_not_of('\n'), scalar.text.size());
  const auto blank_lines = static_cast<uint32_t>(start);
  const std::string_view first = file.line(scalar.place.line + 1 + blank_lines);
  const size_t own = leading_spaces(std::string_view(scalar.text).substr(start));
  if (leading_spaces(first) < own) return;
  passage.line = scalar.place.line + 1;
  passage.indent = static_cast<uint32_t>(leading_spaces(first) - own);
  passage.first_only = false;
}

void append_json(JsonWriter& json, const Node& node);

void append_json_scalar(JsonWriter& json, const Node& node) {
  switch (node.meaning()) {
    case Node::Meaning::null:
      json.raw("null");
      return;
    case Node::Meaning::boolean:
      json.raw(node.text[0] == 't' || node.text[0] == 'T' ? "true" : "false");
      return;
    case Node::Meaning::integer:
      json.integer(*parse_integer(node.text));
      return;
    case Node::Meaning::number:
      json.raw(fmt::format("{}", *parse_number(node.text)));
      return;
    case Node::Meaning::text:
      json.text(node.text);
      return;
  }
}

void append_json(JsonWriter& json, const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      json.raw("null");
      return;
    case Node::Kind::scalar:
      append_json_scalar(json, node);
      return;
    case Node::Kind::sequence:
      json.begin_array();
      for (const Node& item : node.items) append_json(json, item);
      json.end_array();
      return;
    case Node::Kind::map:
      json.begin_object();
      for (const Entry& entry : node.entries) {
        json.key(entry.key);
        append_json(json, entry.value);
      }
      json.end_object();
      return;
  }
}

// A leading zero or plus is meant: 01067 is a postcode and +49301234 a telephone number, both texts.
bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool leading_zero = text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
  return !text.empty() && text[0] >= '0' && text[0] <= '9' && !leading_zero;
}

bool is_integer(std::string_view text) {
  return is_decimal(text) && text.find('_') == std::string_view::npos && parse_integer(text).ok();
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

}  // namespace

Node::Meaning Node::meaning() const {
  if (kind == Kind::null) return Meaning::null;
  if (style != Style::plain) return Meaning::text;
  if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return Meaning::boolean;
  if (is_integer(text)) return Meaning::integer;
  return is_decimal(text) && parse_number(text).ok() ? Meaning::number : Meaning::text;
}

const Entry* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

Node Node::scalar(std::string text, Place place) {
  Node node;
  node.kind = Kind::scalar;
  node.text = std::move(text);
  node.place = std::move(place);
  return node;
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::sequence:
      return node.items.empty() ? "an empty list" : fmt::format("a list of {}", node.items.size());
    case Node::Kind::map: {
      if (node.entries.empty()) return "an empty map";
      return fmt::format("a map with '{}'", shorten(node.entries[0].key, kShownCharacters));
    }
    case Node::Kind::scalar:
      break;
  }
  if (node.text.empty()) return "an empty text";
  switch (node.meaning()) {
    case Node::Meaning::boolean:
    case Node::Meaning::null:
      return node.text;
    case Node::Meaning::integer:
    case Node::Meaning::number:
      return "the number " + node.text;
    case Node::Meaning::text:
      break;
  }
  return fmt::format("the text '{}'", shorten(node.text, kShownCharacters));
}

std::string as_json(const Node& node) {
  JsonWriter json;
  append_json(json, node);
  return json.str();
}

Place Passage::at(size_t offset) const {
  if (line == 0 || offset > text.size()) return place;
  const std::string_view before = std::string_view(text).substr(0, offset);
  const auto lines = static_cast<uint32_t>(std::count(before.begin(), before.end(), '\n'));
  if (lines > 0 && first_only) return place;
  const size_t line_start = lines == 0 ? 0 : before.rfind('\n') + 1;
  const auto characters = static_cast<uint32_t>(count_characters(before.substr(line_start)));
  return {place.file, line + lines, indent + characters + 1, 1};
}

Passage passage_of(const Node& scalar) {
  Passage passage{scalar.text, scalar.place, 0, 0, true};
  if (!scalar.place.known() || scalar.place.line == 0) return passage;
  if (scalar.style == Node::Style::block) {
    find_block_lines(scalar, passage);
    return passage;
  }
  const std::string_view line = scalar.place.file->line(scalar.place.line);
  const uint32_t quote = scalar.style == Node::Style::quoted ? 1 : 0;
  if (!after(line, bytes_before(line, scalar.place.column) + quote).starts_with(scalar.text)) return passage;
  passage.line = scalar.place.line;
  passage.indent = scalar.place.column - 1 + quote;
  return passage;
}

}  // namespace penstock::declare
