#include "source/clickhouse/form.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace penstock::clickhouse {
namespace {

constexpr int kDepthMax = 64;

// "Array(Nullable(String))" as a tree: a word, and what stands in its parentheses. An argument may have a
// name before its type ("a String") and may be a text or a number.
struct Written {
  std::string word;  // "Array", "'UTC'", "3", "'a' = 1"
  std::string name;  // of a tuple's member
  std::vector<Written> arguments;
};

class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  std::optional<Written> read() {
    Written written;
    if (!read_one(written, 0)) return std::nullopt;
    skip_blanks();
    return at_ == text_.size() ? std::optional(std::move(written)) : std::nullopt;
  }

 private:
  bool read_one(Written& into, int depth) {
    if (depth > kDepthMax || !read_words(into)) return false;
    if (!take('(')) return !into.word.empty();
    skip_blanks();
    if (take(')')) return true;
    do {
      if (!read_one(into.arguments.emplace_back(), depth + 1)) return false;
    } while (take(','));
    return take(')');
  }
  // Up to two words: the last one is the type's. All that stands in an enum's item is one.
  bool read_words(Written& into) {
    skip_blanks();
    while (at_ < text_.size() && text_[at_] != '(' && text_[at_] != ')' && text_[at_] != ',') {
      std::string word;
      if (!read_word(word)) return false;
      if (!into.word.empty()) into.name += (into.name.empty() ? "" : " ") + into.word;
      into.word = std::move(word);
      skip_blanks();
    }
    return true;
  }
  bool read_word(std::string& word) {
    const char first = text_[at_];
    if (first == '\'' || first == '`' || first == '"') return read_quoted(word, first);
    while (at_ < text_.size() && std::string_view(" (),'`\"\n").find(text_[at_]) == std::string_view::npos)
      word += text_[at_++];
    return !word.empty();
  }
  // Texts keep their quotes, so that they are not taken for types; names in backticks lose them.
  bool read_quoted(std::string& word, char quote) {
    if (quote == '\'') word += quote;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        if (quote == '\'') word += quote;
        return ++at_, true;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      word += text_[at_];
    }
    return false;
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char wanted) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    return ++at_, true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

struct Plain {
  std::string_view word;
  Form form;
};

// Types without arguments that come as they are.
const Plain kPlain[] = {
    {"Bool", {.shape = Shape::boolean, .bytes = 1}},
    {"UInt8", {.shape = Shape::integer, .bytes = 1}},
    {"UInt16", {.shape = Shape::integer, .bytes = 2}},
    {"UInt32", {.shape = Shape::integer, .bytes = 4}},
    {"UInt64", {.shape = Shape::integer, .bytes = 8}},
    {"UInt128", {.shape = Shape::integer, .bytes = 16}},
    {"Int8", {.shape = Shape::integer, .is_signed = true, .bytes = 1}},
    {"Int16", {.shape = Shape::integer, .is_signed = true, .bytes = 2}},
    {"Int32", {.shape = Shape::integer, .is_signed = true, .bytes = 4}},
    {"Int64", {.shape = Shape::integer, .is_signed = true, .bytes = 8}},
    {"Int128", {.shape = Shape::integer, .is_signed = true, .bytes = 16}},
    {"Float32", {.shape = Shape::real, .bytes = 4}},
    {"Float64", {.shape = Shape::real, .bytes = 8}},
    {"String", {.shape = Shape::text}},
    {"Date", {.shape = Shape::date, .bytes = 2}},
    {"Date32", {.shape = Shape::date, .is_signed = true, .bytes = 4}},
    {"UUID", {.shape = Shape::uuid, .bytes = 16}},
};

// Geometry by its parts.
constexpr std::pair<std::string_view, std::string_view> kOtherNames[] = {
    {"Point", "Tuple(Float64, Float64)"},
    {"Ring", "Array(Tuple(Float64, Float64))"},
    {"LineString", "Array(Tuple(Float64, Float64))"},
    {"Polygon", "Array(Array(Tuple(Float64, Float64)))"},
    {"MultiLineString", "Array(Array(Tuple(Float64, Float64)))"},
    {"MultiPolygon", "Array(Array(Array(Tuple(Float64, Float64))))"},
    {"BFloat16", "Float32"},
};

std::optional<uint32_t> number_in(const Written& written, size_t index, uint32_t max) {
  if (index >= written.arguments.size()) return std::nullopt;
  const std::string& word = written.arguments[index].word;
  uint32_t number = 0;
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (code != std::errc() || end != word.data() + word.size() || number > max) return std::nullopt;
  return number;
}

// Reads a type into a form, and writes down what it must be cast to.
class Asking {
 public:
  std::optional<Asked> ask(const Written& written) {
    Asked asked;
    if (!form(written, asked.form, asked.type)) return std::nullopt;
    asked.as_it_is = as_it_is_;
    asked.is_json = is_json_;
    return asked;
  }

 private:
  bool form(const Written& written, Form& into, std::string& type) {
    const std::string& word = written.word;
    const auto& arguments = written.arguments;
    for (const auto& plain : kPlain)
      if (word == plain.word) return into = plain.form, type = word, arguments.empty();
    for (const auto& [name, parts] : kOtherNames)
      if (word == name) return as_it_is_ = false, form(*TypeReader(parts).read(), into, type);
    if (word == "LowCardinality" && arguments.size() == 1)
      return as_it_is_ = false, form(arguments[0], into, type);
    if (word == "SimpleAggregateFunction" && arguments.size() == 2)
      return as_it_is_ = false, form(arguments[1], into, type);
    if (word == "Nullable" && arguments.size() == 1) return nullable(arguments[0], into, type);
    if (word == "Array" && arguments.size() == 1) return list(arguments[0], into, type);
    if (word == "Nested") return nested(written, into, type);
    if (word == "Tuple") return tuple(written, into, type);
    if (word == "Map" && arguments.size() == 2) return map(written, into, type);
    if (word == "FixedString") return fixed(written, into, type);
    if (word == "DateTime" || word == "DateTime32") return time(written, into, type);
    if (word == "DateTime64") return time64(written, into, type);
    if (word == "Decimal") return decimal(written, into, type);
    return as_text(word, into, type);
  }

  bool as_text(const std::string& word, Form& into, std::string& type) {
    if (word.empty() || !std::isalpha(static_cast<unsigned char>(word[0]))) return false;
    // A state has no text; the others have not as many arguments as they must.
    for (const auto without_text :
         {"AggregateFunction", "SimpleAggregateFunction", "Array", "Map", "Nullable", "LowCardinality"})
      if (word == without_text) return false;
    as_it_is_ = false;
    is_json_ = is_json_ || word == "JSON" || word == "Object";
    into = {.shape = Shape::text};
    // These may be NULL without being called so.
    into.nullable = word == "Dynamic" || word == "Variant" || word == "Geometry";
    type = into.nullable ? "Nullable(String)" : "String";
    return true;
  }
  bool nullable(const Written& inner, Form& into, std::string& type) {
    if (!form(inner, into, type) || into.nullable) return false;
    into.nullable = true;
    type = "Nullable(" + type + ")";
    return true;
  }
  bool list(const Written& element, Form& into, std::string& type) {
    into.shape = Shape::list;
    std::string inner;
    if (!form(element, into.members.emplace_back(), inner)) return false;
    type = "Array(" + inner + ")";
    return within();
  }
  bool nested(const Written& written, Form& into, std::string& type) {
    into.shape = Shape::list;
    std::string inner;
    if (!tuple(written, into.members.emplace_back(), inner)) return false;
    type = "Array(" + inner + ")";
    return true;
  }
  bool tuple(const Written& written, Form& into, std::string& type) {
    into.shape = Shape::tuple;
    bool named = !written.arguments.empty();
    for (const auto& member : written.arguments) named = named && !member.name.empty();
    for (const auto& member : written.arguments) {
      std::string inner;
      if (!form(member, into.members.emplace_back(), inner)) return false;
      if (named) into.names.push_back(member.name);
      type += (type.empty() ? "" : ", ") + (named ? quote_name(member.name) + " " : "") + inner;
    }
    type = "Tuple(" + type + ")";
    return within();
  }
  bool map(const Written& written, Form& into, std::string& type) {
    into.shape = Shape::map;
    std::string key, value;
    into.members.resize(2);
    if (!form(written.arguments[0], into.members[0], key) ||
        !form(written.arguments[1], into.members[1], value))
      return false;
    type = "Map(" + key + ", " + value + ")";
    return within();
  }
  // A text that is JSON by itself is a text inside of other JSON.
  bool within() { return is_json_ = false, true; }

  static bool fixed(const Written& written, Form& into, std::string& type) {
    const auto length = number_in(written, 0, 1 << 24);
    if (!length || *length == 0) return false;
    into = {.shape = Shape::fixed_text, .bytes = *length};
    type = fmt::format("FixedString({})", *length);
    return true;
  }
  static bool time(const Written& written, Form& into, std::string& type) {
    into = {.shape = Shape::time, .bytes = 4};
    type = "DateTime" + (written.arguments.empty() ? "" : "(" + written.arguments[0].word + ")");
    return true;
  }
  static bool time64(const Written& written, Form& into, std::string& type) {
    const auto scale = number_in(written, 0, 9);
    if (!scale) return false;
    into = {.shape = Shape::time, .is_signed = true, .bytes = 8, .scale = static_cast<uint8_t>(*scale)};
    type = fmt::format("DateTime64({}{})", *scale,
                       written.arguments.size() > 1 ? ", " + written.arguments[1].word : "");
    return true;
  }
  bool decimal(const Written& written, Form& into, std::string& type) {
    const auto width = number_in(written, 0, 76), scale = number_in(written, 1, 76);
    if (!width || !scale || *width == 0 || *scale > *width) return false;
    if (*width > 38) return as_text("Decimal", into, type);
    into = {.shape = Shape::decimal,
            .is_signed = true,
            .bytes = *width <= 9    ? 4U
                     : *width <= 18 ? 8U
                                    : 16U,
            .width = static_cast<uint8_t>(*width),
            .scale = static_cast<uint8_t>(*scale)};
    type = fmt::format("Decimal({}, {})", *width, *scale);
    return true;
  }

  bool as_it_is_ = true;
  bool is_json_ = false;
};

duckdb_type integer_type(const Form& form) {
  switch (form.bytes) {
    case 1:
      return form.is_signed ? DUCKDB_TYPE_TINYINT : DUCKDB_TYPE_UTINYINT;
    case 2:
      return form.is_signed ? DUCKDB_TYPE_SMALLINT : DUCKDB_TYPE_USMALLINT;
    case 4:
      return form.is_signed ? DUCKDB_TYPE_INTEGER : DUCKDB_TYPE_UINTEGER;
    case 8:
      return form.is_signed ? DUCKDB_TYPE_BIGINT : DUCKDB_TYPE_UBIGINT;
    default:
      return form.is_signed ? DUCKDB_TYPE_HUGEINT : DUCKDB_TYPE_UHUGEINT;
  }
}

duckdb_type type_id(const Form& form) {
  switch (form.shape) {
    case Shape::boolean:
      return DUCKDB_TYPE_BOOLEAN;
    case Shape::integer:
      return integer_type(form);
    case Shape::real:
      return form.bytes == 4 ? DUCKDB_TYPE_FLOAT : DUCKDB_TYPE_DOUBLE;
    case Shape::date:
      return DUCKDB_TYPE_DATE;
    case Shape::time:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
    case Shape::uuid:
      return DUCKDB_TYPE_UUID;
    default:
      return DUCKDB_TYPE_VARCHAR;
  }
}

bool is_made_of_others(const Form& form) {
  return form.shape == Shape::list || form.shape == Shape::tuple || form.shape == Shape::map;
}

}  // namespace

Result<Asked> asked_as(std::string_view type) {
  if (const auto written = TypeReader(type).read())
    if (auto asked = Asking().ask(*written)) return *std::move(asked);
  return Error{ErrorKind::config, fmt::format("is of the type {}, whose values cannot be read", type),
               "make a value or a text of it in the model, with finalizeAggregation() or toString() for one"};
}

std::string quote_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) out += c == '`' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return out + "`";
}

std::string quote_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return out + "'";
}

std::optional<Form> form_of(std::string_view type) {
  const auto asked = asked_as(type);
  return asked.ok() && asked->as_it_is ? std::optional(asked->form) : std::nullopt;
}

duck::Type duck_type_of(const Form& form, bool is_json) {
  if (form.shape == Shape::decimal) return duck::Type(duckdb_create_decimal_type(form.width, form.scale));
  return is_json || is_made_of_others(form) ? duck::Type::json() : duck::Type::of(type_id(form));
}

}  // namespace penstock::clickhouse
