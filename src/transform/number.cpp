// Transforms between texts, numbers and truth values. Numbers are kept as their digits: none is ever rounded
// by the way a machine holds it.
#include <fmt/format.h>

#include "transform/chain.h"
#include "transform/unicode.h"
#include "transform/value.h"

namespace penstock::transform {
namespace {

using Type = Parameter::Type;

// A decimal number taken apart: -12.50e3 has whole 12, fraction 50, exponent 3.
struct Decimal {
  bool negative = false;
  std::string whole, fraction;  // digits; whole without leading zeros, fraction without trailing ones
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Moves the point; false when the number would grow beyond all sense.
bool shift(Decimal& number, int64_t places) {
  constexpr int64_t kPlacesMax = 400;
  if (places > kPlacesMax || places < -kPlacesMax) return false;
  for (; places > 0; --places) {
    number.whole += number.fraction.empty() ? '0' : number.fraction[0];
    if (!number.fraction.empty()) number.fraction.erase(0, 1);
  }
  for (; places < 0; ++places) {
    number.fraction.insert(0, 1, number.whole.empty() ? '0' : number.whole.back());
    if (!number.whole.empty()) number.whole.pop_back();
  }
  return true;
}

void tidy(Decimal& number) {
  number.whole.erase(0, std::min(number.whole.find_first_not_of('0'), number.whole.size()));
  const size_t last = number.fraction.find_last_not_of('0');
  number.fraction.resize(last == std::string::npos ? 0 : last + 1);
}

bool read_digits(std::string_view& text, std::string& into) {
  const size_t before = text.size();
  while (!text.empty() && is_digit(text[0])) {
    into += text[0];
    text.remove_prefix(1);
  }
  return text.size() != before;
}

bool read_exponent(std::string_view text, Decimal& number) {
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  if (!read_digits(text, digits) || !text.empty() || digits.size() > 4) return false;
  const int64_t places = std::stoll(digits);
  return shift(number, negative ? -places : places);
}

bool read_decimal(std::string_view text, Decimal& number) {
  if (text.starts_with('-') || text.starts_with('+')) {
    number.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  bool some = read_digits(text, number.whole);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    some = read_digits(text, number.fraction) || some;
  }
  if (!some) return false;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    if (!read_exponent(text, number)) return false;
    text = {};
  }
  tidy(number);
  return text.empty();
}

void write_decimal(const Decimal& number, std::string& out) {
  out.clear();
  const bool zero = number.whole.empty() && number.fraction.empty();
  if (number.negative && !zero) out += '-';
  out += number.whole.empty() ? "0" : number.whole;
  if (!number.fraction.empty()) out += "." + number.fraction;
}

// Away from zero when it is half way, as people do it with money.
void round_to_whole(Decimal& number) {
  const bool up = !number.fraction.empty() && number.fraction[0] >= '5';
  number.fraction.clear();
  if (!up) return;
  for (size_t i = number.whole.size(); i-- > 0;) {
    if (number.whole[i] != '9') {
      ++number.whole[i];
      return;
    }
    number.whole[i] = '0';
  }
  number.whole.insert(0, 1, '1');
}

// A comma for the point, and points, spaces and apostrophes between thousands, as most of Europe writes.
void from_comma(std::string& text) {
  filter(text, [](int32_t c) { return c != '.' && c != '\'' && !is_blank(c); });
  for (char& c : text)
    if (c == ',') c = '.';
}

using Finish = void (*)(Decimal& number, Value& value, int64_t digits);

void as_number(Decimal& number, Value& value, int64_t) {
  write_decimal(number, value.text);
}

void as_integer(Decimal& number, Value& value, int64_t) {
  if (!number.fraction.empty()) return value.fail("is not a whole number");
  write_decimal(number, value.text);
}

void as_rounded(Decimal& number, Value& value, int64_t) {
  round_to_whole(number);
  write_decimal(number, value.text);
}

void as_cents(Decimal& number, Value& value, int64_t digits) {
  if (!shift(number, digits)) return value.fail("is too large a number");
  tidy(number);
  as_rounded(number, value, 0);
}

Step number_step(bool comma, Finish finish, int64_t digits = 0) {
  return [comma, finish, digits](Value& value) {
    trim(value.text);
    if (value.text.empty()) return value.clear();
    if (comma) from_comma(value.text);
    Decimal number;
    if (!read_decimal(value.text, number)) return value.fail("is not a number");
    finish(number, value, digits);
  };
}

bool has_comma(const Arguments& arguments) {
  return arguments.text("decimal", "point") == "comma";
}

Result<Step> make_number(const Arguments& arguments) {
  return number_step(has_comma(arguments), as_number);
}

Result<Step> make_integer(const Arguments& arguments) {
  return number_step(has_comma(arguments), arguments.flag("round") ? as_rounded : as_integer);
}

Result<Step> make_cents(const Arguments& arguments) {
  return number_step(has_comma(arguments), as_cents, arguments.integer("digits", 2));
}

// True, false, or neither.
std::optional<bool> truth_of(std::string& text) {
  trim(text);
  lower(text);
  for (const std::string_view yes : {"true", "t", "yes", "y", "1", "on"})
    if (text == yes) return true;
  for (const std::string_view no : {"false", "f", "no", "n", "0", "off"})
    if (text == no) return false;
  return std::nullopt;
}

Step truth_step(std::string yes, std::string no) {
  return [yes = std::move(yes), no = std::move(no)](Value& value) {
    const auto truth = truth_of(value.text);
    if (truth)
      value.text = *truth ? yes : no;
    else if (value.text.empty())
      value.clear();
    else
      value.fail("is neither true nor false");
  };
}

Result<Step> make_boolean(const Arguments&) {
  return truth_step("true", "false");
}

Result<Step> make_boolean_text(const Arguments& arguments) {
  return truth_step(arguments.text("yes", "yes"), arguments.text("no", "no"));
}

Result<Step> make_text(const Arguments&) {
  return Step([](Value& value) {
    if (!value.null) become_text(value);
  });
}

Parameter decimal_parameter() {
  return {.name = "decimal",
          .type = Type::choice,
          .by_default = "point",
          .help = "What stands before the fraction.",
          .choices = {{"point", "`1234.5`"}, {"comma", "`1.234,5`: points, spaces and apostrophes group"}}};
}

}  // namespace

std::vector<Entry> number_entries() {
  const std::string group = "Numbers and truth";
  return {
      {{.name = "number",
        .group = group,
        .help = "A number, digit by digit as it is.",
        .takes = Facts::Takes::one_text,
        .gives = Form::json,
        .parameters = {decimal_parameter()},
        .examples = {{"number", " 012.50", "12.5"},
                     {"number", "1e3", "1000"},
                     {"{ number: comma }", "1.234,50", "1234.5"},
                     {"number", "12 EUR", "", "is not a number"}}},
       make_number},
      {{.name = "integer",
        .group = group,
        .help = "A whole number.",
        .takes = Facts::Takes::one_text,
        .gives = Form::json,
        .parameters = {{.name = "round",
                        .type = Type::boolean,
                        .by_default = "false",
                        .help = "Numbers with a fraction are rounded instead of refused."},
                       decimal_parameter()},
        .examples = {{"integer", "42.0", "42"},
                     {"integer", "42.5", "", "is not a whole number"},
                     {"{ integer: { round: true } }", "42.5", "43"}}},
       make_integer},
      {{.name = "cents",
        .group = group,
        .help = "An amount of money in its smallest unit, as a whole number.",
        .takes = Facts::Takes::one_text,
        .gives = Form::json,
        .parameters = {{.name = "digits",
                        .type = Type::integer,
                        .by_default = "2",
                        .help = "Digits after the point that the currency has: 0 for yen.",
                        .min = 0,
                        .max = 8},
                       decimal_parameter()},
        .examples = {{"cents", "19.99", "1999"},
                     {"cents", "-0.5", "-50"},
                     {"cents", "0.005", "1"},
                     {"{ cents: 0 }", "1200", "1200"}}},
       make_cents},
      {{.name = "boolean",
        .group = group,
        .help = "True or false, from true, t, yes, y, 1, on and their opposites in any case.",
        .takes = Facts::Takes::one_text,
        .gives = Form::json,
        .examples = {{"boolean", "Yes", "true"},
                     {"boolean", "0", "false"},
                     {"boolean", "maybe", "", "is neither true nor false"}}},
       make_boolean},
      {{.name = "boolean_text",
        .group = group,
        .help = "Chosen words for true and false.",
        .parameters = {{.name = "yes", .by_default = "yes", .help = "The word for true."},
                       {.name = "no", .by_default = "no", .help = "The word for false."}},
        .examples = {{"boolean_text", "true", "yes"},
                     {"{ boolean_text: { yes: Ja, no: Nein } }", "f", "Nein"}}},
       make_boolean_text},
      {{.name = "text",
        .group = group,
        .help = "The value as text: a number in quotes, a list as its JSON.",
        .takes = Facts::Takes::anything,
        .gives = Form::text,
        .examples = {{"text", "42", "42"}}},
       make_text},
  };
}

}  // namespace penstock::transform
