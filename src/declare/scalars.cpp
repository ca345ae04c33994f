// Shapes of values that stand in one piece.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "declare/schema.h"
#include "declare/shapes.h"

namespace penstock::declare {
namespace internal {
namespace {

// Described by its facts; read by a function.
class FactsShape : public Shape {
 public:
  FactsShape(const TypeFacts& type, ScalarFacts facts) : Shape(type), facts_(std::move(facts)) {}
  std::string phrase() const override { return facts_.phrase; }
  std::string name() const override { return facts_.name; }
  void write_schema(SchemaWriter& schema) const override { schema.json().members(facts_.schema); }

 protected:
  ScalarFacts facts_;
};

class ParsedShape : public FactsShape {
 public:
  using Parse = std::function<Result<void>(std::string_view, void*)>;
  ParsedShape(const TypeFacts& type, ScalarFacts facts, Parse parse)
      : FactsShape(type, std::move(facts)), parse_(std::move(parse)) {}

  bool takes(const Node& node) const override { return node.is_scalar(); }
  bool read(const Node& node, void* into, Reading& reading) const override {
    if (!node.is_scalar()) {
      reading.unexpected(node, facts_.phrase);
      return false;
    }
    auto parsed = parse_(node.text, into);
    if (parsed.ok()) return true;
    reading.unexpected(node, parsed.error().message).remedy = parsed.error().remedy;
    return false;
  }

 private:
  Parse parse_;
};

class CustomShape : public FactsShape {
 public:
  using Read = std::function<bool(const Node&, void*, Reading&)>;
  CustomShape(const TypeFacts& type, ScalarFacts facts, Read read)
      : FactsShape(type, std::move(facts)), read_(std::move(read)) {}

  bool takes(const Node& node) const override { return facts_.any_form || node.is_scalar(); }
  bool read(const Node& node, void* into, Reading& reading) const override {
    return read_(node, into, reading);
  }

 private:
  Read read_;
};

}  // namespace

ShapeRef make_parsed(const TypeFacts& type, ScalarFacts facts,
                     std::function<Result<void>(std::string_view, void*)> parse) {
  return std::make_shared<ParsedShape>(type, std::move(facts), std::move(parse));
}

ShapeRef make_custom(const TypeFacts& type, ScalarFacts facts,
                     std::function<bool(const Node&, void*, Reading&)> read) {
  return std::make_shared<CustomShape>(type, std::move(facts), std::move(read));
}

}  // namespace internal

namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// A text was expected and something else is there; often a text that YAML takes for a map or list.
bool refuse_for_text(const Node& node, std::string_view phrase, Reading& reading) {
  Diagnostic& wrong = reading.unexpected(node, phrase);
  if (node.is_map() || node.is_sequence())
    wrong.remedy = "put quotes around a text that starts with '{' or '['";
  return false;
}

// YAML 1.1 took these for booleans, and people still write them.
std::string meant_boolean(std::string_view text) {
  for (std::string_view yes : {"yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})
    if (text == yes) return "did you mean 'true'?";
  for (std::string_view no : {"no", "No", "NO", "off", "Off", "OFF", "n", "N"})
    if (text == no) return "did you mean 'false'?";
  return "";
}

// A number that stands in quotes is a text.
bool refuse_number(const Node& node, std::string_view phrase, bool would_fit, Reading& reading) {
  Diagnostic& wrong = reading.unexpected(node, phrase);
  if (would_fit) wrong.hint = "remove the quotes";
  return false;
}

std::string in_range(std::string what, IntegerRange range) {
  const bool below = range.min > std::numeric_limits<int64_t>::min();
  const bool above = range.max < std::numeric_limits<int64_t>::max();
  if (below && above) return fmt::format("{} from {} to {}", what, range.min, range.max);
  if (range.min == 0 && !above) return what;
  if (below) return fmt::format("{} of at least {}", what, range.min);
  return above ? fmt::format("{} of at most {}", what, range.max) : what;
}

std::string in_range(std::string what, NumberRange range) {
  const bool below = std::isfinite(range.min), above = std::isfinite(range.max);
  if (below && above) return fmt::format("{} from {} to {}", what, range.min, range.max);
  if (below) return fmt::format("{} of at least {}", what, range.min);
  return above ? fmt::format("{} of at most {}", what, range.max) : what;
}

std::string bounds_schema(std::string_view type, const std::string& min, const std::string& max) {
  std::string out = fmt::format(R"({{"type":"{}")", type);
  if (!min.empty()) out += ",\"minimum\":" + min;
  if (!max.empty()) out += ",\"maximum\":" + max;
  return out + "}";
}

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

constexpr std::string_view kTextSchema = R"({"type":"string","minLength":1})";

bool read_reference(const Node& node, Reference& into, bool url, Reading& reading) {
  const std::string phrase = url ? "a URL that starts with https:// or http://" : "text";
  if (!node.is_scalar() || is_blank(node.text)) return refuse_for_text(node, phrase, reading);
  auto parsed = Reference::parse(node.text, node.place);
  if (!parsed.ok()) {
    const bool hide = reading.secret();
    reading.error(node.place, hide ? "a '${' that starts no reference" : parsed.error().message).remedy =
        parsed.error().remedy;
    return false;
  }
  into = *std::move(parsed);
  if (url && into.is_literal() && !parse_url(into.literal()).ok()) {
    reading.unexpected(node, phrase);
    return false;
  }
  for (const auto& piece : into.pieces)
    if (piece.kind != Reference::Kind::literal) {
      reading.references().push_back({into, reading.path()});
      break;
    }
  return true;
}

}  // namespace

Of<std::string> text(std::string what) {
  return custom<std::string>({"text", what, std::string(kTextSchema)},
                             [what](const Node& node, std::string& into, Reading& reading) {
                               if (!node.is_scalar() || is_blank(node.text))
                                 return refuse_for_text(node, what, reading);
                               into = node.text;
                               return true;
                             });
}

Of<std::string> text() {
  return text("text");
}

Of<std::string> any_text() {
  return custom<std::string>({"text", "text", R"({"type":"string"})"},
                             [](const Node& node, std::string& into, Reading& reading) {
                               if (!node.is_scalar()) return refuse_for_text(node, "text", reading);
                               into = node.text;
                               return true;
                             });
}

Of<Passage> passage(std::string what) {
  return custom<Passage>({"text", what, std::string(kTextSchema)},
                         [what](const Node& node, Passage& into, Reading& reading) {
                           if (!node.is_scalar() || is_blank(node.text))
                             return refuse_for_text(node, what, reading);
                           into = passage_of(node);
                           return true;
                         });
}

Of<std::string> identifier() {
  const std::string phrase = "a name (a letter, then letters, digits, '_' or '-')";
  return parsed<std::string>({"name", phrase, R"({"type":"string","pattern":"^[A-Za-z][A-Za-z0-9_-]*$"})"},
                             [phrase](std::string_view written) -> Result<std::string> {
                               if (is_identifier(written)) return std::string(written);
                               return Error{ErrorKind::config, phrase, ""};
                             });
}

Of<std::string> url() {
  return parsed<std::string>(
      {"URL", "a URL that starts with https:// or http://", R"({"type":"string","format":"uri"})"},
      parse_url);
}

Of<bool> boolean() {
  return custom<bool>({"true or false", "true or false", R"({"type":"boolean"})"},
                      [](const Node& node, bool& into, Reading& reading) {
                        Node plain = node;
                        plain.style = Node::Style::plain;
                        const bool fits = node.is_scalar() && plain.meaning() == Node::Meaning::boolean;
                        if (!fits || node.style != Node::Style::plain) {
                          Diagnostic& wrong = reading.unexpected(node, "true or false");
                          wrong.hint = fits ? "remove the quotes" : meant_boolean(node.text);
                          return false;
                        }
                        into = node.text[0] == 't' || node.text[0] == 'T';
                        return true;
                      });
}

Of<int64_t> integer(IntegerRange range, std::string what) {
  const std::string phrase = in_range(std::move(what), range);
  const std::string min = range.min > std::numeric_limits<int64_t>::min() ? std::to_string(range.min) : "";
  const std::string max = range.max < std::numeric_limits<int64_t>::max() ? std::to_string(range.max) : "";
  return custom<int64_t>({"number", phrase, bounds_schema("integer", min, max)},
                         [phrase, range](const Node& node, int64_t& into, Reading& reading) {
                           auto value =
                               node.is_scalar() ? parse_integer(node.text) : Result<int64_t>(Error{});
                           const bool fits = value.ok() && *value >= range.min && *value <= range.max;
                           if (!fits || node.style != Node::Style::plain)
                             return refuse_number(node, phrase, fits, reading);
                           into = *value;
                           return true;
                         });
}

Of<double> number(NumberRange range, std::string what) {
  const std::string phrase = in_range(std::move(what), range);
  const std::string min = std::isfinite(range.min) ? fmt::format("{}", range.min) : "";
  const std::string max = std::isfinite(range.max) ? fmt::format("{}", range.max) : "";
  return custom<double>({"number", phrase, bounds_schema("number", min, max)},
                        [phrase, range](const Node& node, double& into, Reading& reading) {
                          auto value = node.is_scalar() ? parse_number(node.text) : Result<double>(Error{});
                          const bool fits = value.ok() && *value >= range.min && *value <= range.max;
                          if (!fits || node.style != Node::Style::plain)
                            return refuse_number(node, phrase, fits, reading);
                          into = *value;
                          return true;
                        });
}

Of<Duration> duration(Duration min, Duration max) {
  std::string phrase = "a duration such as 30s, 15m or 1h30m";
  const bool below = min > Duration::zero(), above = max < Duration::max();
  if (below && above)
    phrase = fmt::format("a duration from {} to {}", show(min), show(max));
  else if (below)
    phrase = fmt::format("a duration of at least {}, such as {}", show(min),
                         show(std::max<Duration>(min * 2, 15min)));
  else if (above)
    phrase = fmt::format("a duration of at most {}", show(max));
  return parsed<Duration>(
      {"duration", phrase, R"({"type":"string","pattern":"^([0-9.]+(us|ms|s|m|h|d|w))+$"})"},
      [=](std::string_view written) -> Result<Duration> {
        auto value = parse_duration(written);
        if (value.ok() && *value >= min && *value <= max) return value;
        return Error{ErrorKind::config, phrase, ""};
      });
}

Of<uint64_t> size() {
  return parsed<uint64_t>({"size", "a size such as 3MB or 500 KB",
                           R"({"type":"string","pattern":"^[0-9.]+ ?[KMGTkmgt]?i?[Bb]$"})"},
                          parse_size);
}

Of<Share> share() {
  return parsed<Share>(
      {"share", "a share from 0% to 100%, such as 5%", R"({"type":"string","pattern":"^[0-9.]+%$"})"},
      parse_share);
}

Of<Rate> rate() {
  return parsed<Rate>(
      {"rate", "a rate such as 190/10s or 4/s", R"({"type":"string","pattern":"^[0-9]+/[0-9.a-z]+$"})"},
      parse_rate);
}

Of<ShareOrCount> share_or_count(std::string what) {
  return parsed<ShareOrCount>({"share or number", what, R"({"type":["string","integer"]})"},
                              [what](std::string_view written) -> Result<ShareOrCount> {
                                auto value = parse_share_or_count(written);
                                if (value.ok()) return value;
                                return Error{ErrorKind::config, what, ""};
                              });
}

Of<Reference> reference_text() {
  return custom<Reference>({"text, `${…}` allowed", "text", R"({"type":"string"})"},
                           [](const Node& node, Reference& into, Reading& reading) {
                             return read_reference(node, into, false, reading);
                           });
}

Of<Reference> reference_url() {
  return custom<Reference>(
      {"URL, `${…}` allowed", "a URL that starts with https:// or http://", R"({"type":"string"})"},
      [](const Node& node, Reference& into, Reading& reading) {
        return read_reference(node, into, true, reading);
      });
}

Of<Node> anything() {
  return custom<Node>({"anything", "a value", "{}", true}, [](const Node& node, Node& into, Reading&) {
    into = node;
    return true;
  });
}

}  // namespace penstock::declare
