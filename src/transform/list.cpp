// Transforms of lists, of choices, and of JSON.
#include <fmt/format.h>
#include <simdjson.h>

#include <unordered_map>

#include "transform/unicode.h"
#include "transform/value.h"

namespace penstock::transform {
namespace {

using Type = Parameter::Type;

Result<Step> make_split(const Arguments& arguments) {
  if (arguments.text("separator").empty())
    return Error{ErrorKind::config, "an empty text separates nothing", "say what stands between the items"};
  return Step([separator = arguments.text("separator")](Value& value) {
    std::string text = std::move(value.text);
    value.items.clear();
    for (size_t start = 0;;) {
      const size_t end = text.find(separator, start);
      std::string item = text.substr(start, end - start);
      trim(item);
      if (!item.empty()) value.items.push_back(std::move(item));
      if (end == std::string::npos) return;
      start = end + separator.size();
    }
  });
}

Result<Step> make_join(const Arguments& arguments) {
  return Step([separator = arguments.text("separator")](Value& value) {
    value.text = fmt::format("{}", fmt::join(value.items, separator));
  });
}

Result<Step> make_first(const Arguments&) {
  return Step([](Value& value) {
    if (value.items.empty()) return value.clear();
    value.text = std::move(value.items.front());
  });
}

// Words for words.
Result<Step> make_map(const Arguments& arguments) {
  std::unordered_map<std::string, std::string> values;
  std::vector<std::string> names;
  for (const auto& entry : arguments.find("values")->entries) {
    values.emplace(entry.key, entry.value.text);
    names.push_back(entry.key);
  }
  const Node* otherwise = arguments.find("else");
  const bool keep = arguments.flag("keep");
  if (keep && otherwise != nullptr)
    return Error{ErrorKind::config, "'keep' and 'else' say two things about other values", "remove one"};
  return Step([values = std::move(values), why = fmt::format("is none of {}", declare::list_names(names)),
               instead = otherwise ? std::optional(otherwise->text) : std::nullopt, keep](Value& value) {
    const auto found = values.find(value.text);
    if (found != values.end())
      value.text = found->second;
    else if (instead)
      value.text = *instead;
    else if (!keep)
      value.fail(why);
  });
}

// In JSON a number or a truth value stands for itself, everything else is a string.
std::string as_json_value(const std::string& text) {
  const auto meaning = Node::scalar(text).meaning();
  const bool bare = meaning == Node::Meaning::integer || meaning == Node::Meaning::number || text == "true" ||
                    text == "false";
  return bare ? text : declare::json_text(text);
}

Result<Step> make_default(const Arguments& arguments) {
  const std::string instead = arguments.text("value");
  return Step([instead, json = as_json_value(instead)](Value& value) {
    const bool nothing = value.null || (value.form == Form::text && value.text.empty());
    if (!nothing) return;
    value.null = false;
    if (value.form == Form::list)
      value.items = {instead};
    else
      value.text = value.form == Form::json ? json : instead;
  });
}

Result<Step> make_json(const Arguments&) {
  return Step([](Value& value) {
    trim(value.text);
    if (value.text.empty()) return value.clear();
    thread_local simdjson::dom::parser parser;
    simdjson::dom::element parsed;
    if (parser.parse(value.text).get(parsed) != simdjson::SUCCESS) return value.fail("is not JSON");
    // The text itself without its spaces, so that every number stays digit by digit as it is.
    std::string small(value.text.size() + 1, '\0');
    size_t size = 0;
    if (simdjson::minify(value.text.data(), value.text.size(), small.data(), size) != simdjson::SUCCESS)
      return value.fail("is not JSON");
    small.resize(size);
    value.text = std::move(small);
    if (value.text == "null") value.clear();
  });
}

Parameter separator(std::string help) {
  return {.name = "separator", .required = true, .help = std::move(help)};
}

}  // namespace

std::vector<Entry> list_entries() {
  const std::string group = "Lists, choices and JSON";
  return {
      {{.name = "split",
        .group = group,
        .help = "A list of the parts of a text, trimmed; empty ones are left out. Transforms of texts that "
                "follow work on each item.",
        .takes = Facts::Takes::one_text,
        .gives = Form::list,
        .parameters = {separator("What stands between the parts.")},
        .examples = {{"{ split: \",\" }", "red, green,,blue", "[\"red\",\"green\",\"blue\"]"}}},
       make_split},
      {{.name = "join",
        .group = group,
        .help = "The items of a list as one text.",
        .takes = Facts::Takes::list,
        .gives = Form::text,
        .parameters = {separator("What is put between them.")},
        .examples = {{"{ join: \";\" }", "[\"red\",\"green\"]", "red;green"}}},
       make_join},
      {{.name = "first",
        .group = group,
        .help = "The first item of a list; NULL when it is empty.",
        .takes = Facts::Takes::list,
        .gives = Form::text,
        .examples = {{"first", "[\"red\",\"green\"]", "red"}}},
       make_first},
      {{.name = "map",
        .group = group,
        .help = "Puts chosen words for words. A value that is not among them cannot be converted, unless "
                "`else` or `keep` says otherwise.",
        .parameters = {{.name = "values",
                        .type = Type::values,
                        .required = true,
                        .help = "What stands for each value, letter by letter."},
                       {.name = "else", .help = "What stands for every other value."},
                       {.name = "keep",
                        .type = Type::boolean,
                        .by_default = "false",
                        .help = "Other values stay as they are."}},
        .examples = {{"{ map: { gold: G, silver: S } }", "gold", "G"},
                     {"{ map: { values: { gold: G }, else: \"-\" } }", "lead", "-"},
                     {"{ map: { values: { gold: G }, keep: true } }", "lead", "lead"},
                     {"{ map: { gold: G, silver: S } }", "lead", "", "is none of gold or silver"}}},
       make_map},
      {{.name = "default",
        .group = group,
        .help = "A value where there is none: for NULL and for an empty text.",
        .takes = Facts::Takes::anything,
        .parameters = {{.name = "value", .required = true, .help = "The value."}},
        .examples = {{"{ default: unknown }", "", "unknown"}, {"{ default: unknown }", "Ada", "Ada"}}},
       make_default},
      {{.name = "json",
        .group = group,
        .help = "A text that is JSON as the value that it stands for: an object, a list, a number.",
        .takes = Facts::Takes::one_text,
        .gives = Form::json,
        .examples = {{"json", "{ \"a\": [1, 2.50] }", "{\"a\":[1,2.50]}"},
                     {"json", "{a: 1}", "", "is not JSON"}}},
       make_json},
  };
}

}  // namespace penstock::transform
