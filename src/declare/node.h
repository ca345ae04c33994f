// A document as we see it: null, scalar, list or map, each with its place and its text as written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "declare/diagnostics.h"
#include "declare/place.h"

namespace penstock::declare {

struct Entry;

// A plain value; aliases and merge keys are already expanded. Scalars keep their source text, so that
// `version: 1.10` read as text is "1.10". Also the type of free-form JSON-like values.
struct Node {
  enum class Kind { null, scalar, sequence, map };
  // What a scalar means when nothing says what it should be (YAML 1.2 core schema: `yes` is text).
  enum class Meaning { null, boolean, integer, number, text };
  enum class Style { plain, quoted, block };

  Kind kind = Kind::null;
  Style style = Style::plain;
  std::string text;            // of a scalar; a null's as it is written
  std::vector<Node> items;     // of a sequence
  std::vector<Entry> entries;  // of a map, in order, keys unique
  Place place;

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_map() const { return kind == Kind::map; }

  // Of a null or scalar.
  Meaning meaning() const;
  // Of a map; null when there is no such key.
  const Entry* find(std::string_view key) const;

  static Node scalar(std::string text, Place place = {});
};

struct Entry {
  std::string key;
  Place key_place;
  Node value;
};

// Bounds that no sensible file meets.
inline constexpr size_t kFileBytesMax = 16u << 20;
inline constexpr int kDepthMax = 64;

// Reads one YAML document. Everything that is wrong goes to `diagnostics` with its place: bad syntax,
// tabs, duplicate keys, bytes that are not UTF-8, too large, too deep, aliases that explode, several
// documents. nullopt when there is no usable document; an empty file is a null Node and no error.
std::optional<Node> parse_yaml(const SourceFileRef& file, Diagnostics& diagnostics);

// What a person would call it, after "found": "the text 'many'", "the number 12", "a list of 3", "nothing".
std::string describe(const Node& node);
// Compact JSON; scalars by their meaning.
std::string as_json(const Node& node);
// A longer text, SQL or an expression, that knows where each of its bytes stands in its file, so that errors
// inside it are reported there.
struct Passage {
  std::string text;
  Place place;             // its start
  uint32_t line = 0;       // of the file, of the text's first line; 0 when only the start is known
  uint32_t indent = 0;     // columns before each line of the text
  bool first_only = true;  // only the first line's columns are known (later lines are folded)

  bool empty() const { return text.empty(); }
  // Of byte `offset`; the start where it cannot be told.
  Place at(size_t offset) const;
};

// Exact for one-line and literal block (|) texts.
Passage passage_of(const Node& scalar);

}  // namespace penstock::declare
