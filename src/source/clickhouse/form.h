// The types of ClickHouse: how their values stand in a block of its Native format, and how a column must be
// asked for so that they come in a form that is known here.
//
// Source: clickhouse.com/docs/interfaces/formats/Native and /sql-reference/data-types (2026-11), and what
// the engines of 18.16 and 26.5 send.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "duck/duck.h"

namespace penstock::clickhouse {

enum class Shape : uint8_t {
  boolean,
  integer,     // `bytes` of 1 to 16
  real,        // 4 or 8
  decimal,     // `bytes` of 4 to 16; width and scale
  text,        // String: a length, then bytes
  fixed_text,  // FixedString: `bytes`, filled up with zeros
  date,        // 2 bytes: days from 1970 on; 4: with a sign
  time,        // DateTime: 4 bytes, seconds of UTC; 8: DateTime64, with `scale` decimals
  uuid,
  list,   // Array, Nested
  tuple,  // with names or without
  map,    // Map(K, V): a list of pairs
};

struct Form {
  Shape shape = Shape::text;
  bool nullable = false;
  bool is_signed = false;
  uint32_t bytes = 0;  // of a value, when all have the same
  uint8_t width = 0;   // of a decimal
  uint8_t scale = 0;
  std::vector<Form> members = {};       // of a list: one; of a map: two
  std::vector<std::string> names = {};  // of a tuple's members, when they have names
  bool operator==(const Form&) const = default;
};

// A type as the server writes it. Errors (config) for what is no type.
struct Asked {
  Form form;
  std::string type;      // what the column must be CAST to
  bool as_it_is = true;  // ... unless it is that already
  bool is_json = false;  // its text is JSON
};
// What has no form of its own here is asked for as String: of it the server makes a text.
Result<Asked> asked_as(std::string_view type);

// `name` and 'text' as ClickHouse's SQL writes them.
std::string quote_name(std::string_view name);
std::string quote_text(std::string_view text);

// The form of a type that comes as it is; nullopt for others.
std::optional<Form> form_of(std::string_view type);

duck::Type duck_type_of(const Form& form, bool is_json);

}  // namespace penstock::clickhouse
