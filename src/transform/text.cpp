// Transforms of any text.
#include <fmt/format.h>

#include "transform/unicode.h"
#include "transform/value.h"

namespace penstock::transform {
namespace {

using Type = Parameter::Type;

template <void (*change)(std::string&)>
Result<Step> changing(const Arguments&) {
  return Step([](Value& value) { change(value.text); });
}

void collapse(std::string& text) {
  std::string out;
  bool pending = false;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    if (is_blank(next_character(text, at))) {
      pending = !out.empty();
      continue;
    }
    if (pending) out += ' ';
    pending = false;
    out.append(text, start, at - start);
  }
  text = std::move(out);
}

void keep_digits(std::string& text) {
  filter(text, [](int32_t c) { return c >= '0' && c <= '9'; });
}

void keep_letters(std::string& text) {
  compose(text);
  filter(text, is_letter);
}

Result<Step> make_truncate(const Arguments& arguments) {
  return Step([max = arguments.integer("characters", 0)](Value& value) {
    if (value.text.size() <= static_cast<size_t>(max)) return;
    size_t at = 0;
    for (int64_t i = 0; i < max && at < value.text.size(); ++i) next_character(value.text, at);
    value.text.resize(at);
  });
}

Result<Step> make_replace(const Arguments& arguments) {
  return Step([from = arguments.text("from"), to = arguments.text("to")](Value& value) {
    for (size_t at = value.text.find(from); at != std::string::npos;
         at = value.text.find(from, at + to.size()))
      value.text.replace(at, from.size(), to);
  });
}

// What a character is written as where it would mean something; empty: as itself.
using Escape = std::string_view (*)(char c);

std::string_view as_entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    default:
      return "";
  }
}

std::string_view as_html(char c) {
  if (c == '"') return "&quot;";
  if (c == '\'') return "&#39;";
  return as_entity(c);
}

std::string_view as_markdown(char c) {
  switch (c) {
    case '\\':
      return "\\\\";
    case '`':
      return "\\`";
    case '*':
      return "\\*";
    case '_':
      return "\\_";
    case '~':
      return "\\~";
    case '[':
      return "\\[";
    case ']':
      return "\\]";
    case '<':
      return "\\<";
    case '>':
      return "\\>";
    case '|':
      return "\\|";
    case '#':
      return "\\#";
    default:
      return "";
  }
}

Result<Step> make_escape(const Arguments& arguments) {
  const std::string how = arguments.text("for");
  const Escape escape = how == "html" ? as_html : how == "markdown" ? as_markdown : as_entity;
  return Step([escape](Value& value) {
    std::string out;
    for (const char c : value.text) {
      const std::string_view instead = escape(c);
      if (instead.empty())
        out += c;
      else
        out += instead;
    }
    value.text = std::move(out);
  });
}

}  // namespace

std::vector<Entry> text_entries() {
  const std::string group = "Text";
  return {
      {{.name = "trim",
        .group = group,
        .help = "Takes white space off both ends, also what cannot be seen (no-break and zero-width spaces).",
        .examples = {{"trim", " Ada\u00a0", "Ada"}}},
       changing<trim>},
      {{.name = "lower",
        .group = group,
        .help = "Small letters.",
        .examples = {{"lower", "\u00c4RGER", "\u00e4rger"}}},
       changing<lower>},
      {{.name = "upper",
        .group = group,
        .help = "Capital letters.",
        .examples = {{"upper", "stra\u00dfe", "STRASSE"}}},
       changing<upper>},
      {{.name = "title",
        .group = group,
        .help = "Each word with a capital letter, the rest small.",
        .examples = {{"title", "ada LOVELACE", "Ada Lovelace"}}},
       changing<title>},
      {{.name = "collapse",
        .group = group,
        .help = "One space for each run of white space, none at the ends.",
        .examples = {{"collapse", "  New \t York ", "New York"}}},
       changing<collapse>},
      {{.name = "truncate",
        .group = group,
        .help = "The first characters only.",
        .parameters = {{.name = "characters",
                        .type = Type::integer,
                        .required = true,
                        .help = "How many at most.",
                        .min = 1}},
        .examples = {{"{ truncate: 3 }", "\u00c4rger", "\u00c4rg"}, {"{ truncate: 1 }", "Ada", "A"}}},
       make_truncate},
      {{.name = "replace",
        .group = group,
        .help = "Puts one text for another, wherever it stands.",
        .parameters = {{.name = "from", .required = true, .help = "What to look for, letter by letter."},
                       {.name = "to", .by_default = "\"\"", .help = "What to put there."}},
        .examples = {{"{ replace: { from: \"-\", to: \" \" } }", "a-b-c", "a b c"},
                     {"{ replace: \".\" }", "1.234", "1234"}}},
       make_replace},
      {{.name = "digits",
        .group = group,
        .help = "The digits 0 to 9 only.",
        .examples = {{"digits", "DE 12-34", "1234"}}},
       changing<keep_digits>},
      {{.name = "letters_only",
        .group = group,
        .help = "Letters only: no spaces, digits or punctuation.",
        .examples = {{"letters_only", "St. John's 2", "StJohns"}}},
       changing<keep_letters>},
      {{.name = "ascii",
        .group = group,
        .help = "Latin letters without marks, for systems that know no others.",
        .examples = {{"ascii", "Val\u00e9ry Gro\u00df", "Valery Gross"}}},
       changing<to_ascii>},
      {{.name = "escape",
        .group = group,
        .help =
            "Makes a text stand for itself inside a message: characters with a meaning there are escaped. "
            "Columns in a `template:` are escaped already.",
        .parameters = {{.name = "for",
                        .type = Type::choice,
                        .required = true,
                        .help = "Where it lands.",
                        .choices = {{"entities", "`&`, `<` and `>` become entities"},
                                    {"html", "the same, and quotes"},
                                    {"markdown", "a backslash before what marks text up"}}}},
        .examples = {{"{ escape: entities }", "R&D <new>", "R&amp;D &lt;new&gt;"},
                     {"{ escape: html }", "O'Brien", "O&#39;Brien"},
                     {"{ escape: markdown }", "2*3", "2\\*3"}}},
       make_escape},
  };
}

}  // namespace penstock::transform
