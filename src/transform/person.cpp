// Transforms of what identifies people: addresses, telephone numbers, names, places.
#include <fmt/format.h>

#include <algorithm>

#include "transform/country.h"
#include "transform/phone.h"
#include "transform/unicode.h"
#include "transform/value.h"

namespace penstock::transform {
namespace {

using Type = Parameter::Type;

// ---- Email

bool is_good_domain(std::string_view domain) {
  if (domain.find('.') == std::string_view::npos || domain.size() > 255) return false;
  for (size_t start = 0;;) {
    const size_t dot = domain.find('.', start);
    const std::string_view label = domain.substr(start, dot - start);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (dot == std::string_view::npos) return true;
    start = dot + 1;
  }
}

bool is_email(std::string_view text) {
  const size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.find('@', at + 1) != std::string_view::npos)
    return false;
  const std::string_view local = text.substr(0, at);
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) return false;
  for (size_t i = 0; i < text.size();) {
    const int32_t c = next_character(text, i);
    if (c < 0x20 || c == 0x7f || is_blank(c)) return false;
    if (c < 0x80 && std::string_view("()<>[],;:\\\"").find(static_cast<char>(c)) != std::string_view::npos)
      return false;
  }
  return is_good_domain(text.substr(at + 1));
}

// Dots mean nothing in these mailboxes: vendors that hash want one form of them.
void drop_mailbox_dots(std::string& email) {
  const size_t at = email.find('@');
  const std::string_view domain = std::string_view(email).substr(at + 1);
  if (domain != "gmail.com" && domain != "googlemail.com") return;
  email.erase(std::remove(email.begin(), email.begin() + static_cast<ptrdiff_t>(at), '.'),
              email.begin() + static_cast<ptrdiff_t>(at));
}

Result<Step> make_email(const Arguments& arguments) {
  return Step([drop = arguments.text("gmail_dots") == "drop"](Value& value) {
    trim(value.text);
    if (value.text.empty()) return value.clear();
    lower(value.text);
    if (!is_email(value.text)) return value.fail("is not an email address");
    if (drop) drop_mailbox_dots(value.text);
  });
}

// ---- Telephone

Result<Step> make_phone(const Arguments& arguments) {
  std::string region = arguments.text("region");
  upper(region);
  if (!region.empty() && !is_phone_region(region))
    return Error{ErrorKind::config, fmt::format("there is no country '{}'", region),
                 "use the two letters of a country, such as DE or US"};
  const bool plus = arguments.text("form", "e164") == "e164";
  const PhoneCheck check =
      arguments.text("check", "possible") == "valid" ? PhoneCheck::valid : PhoneCheck::possible;
  return Step([region, plus, check](Value& value) {
    trim(value.text);
    if (value.text.empty()) return value.clear();
    std::string_view why;
    std::string number = phone_e164(value.text, region, check, why);
    if (number.empty()) return value.fail(why);
    value.text = plus ? std::move(number) : number.substr(1);
  });
}

// ---- Names and places

Result<Step> make_name(const Arguments&) {
  return Step([](Value& value) {
    compose(value.text);
    lower(value.text);
    filter(value.text, [](int32_t c) { return !is_punctuation(c); });
    trim(value.text);
  });
}

// Of the United Kingdom: area, district, sector and two letters (SW1A 1AA). The sector is where they live.
bool is_british(std::string_view code) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const size_t size = code.size();
  return size >= 5 && size <= 7 && letter(code[0]) && letter(code[size - 1]) && letter(code[size - 2]) &&
         digit(code[size - 3]) && (digit(code[1]) || (letter(code[1]) && digit(code[2])));
}

bool is_american_with_extension(std::string_view code) {
  return code.size() == 10 && code[5] == '-' &&
         std::count_if(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; }) == 9;
}

Result<Step> make_postcode(const Arguments&) {
  return Step([](Value& value) {
    trim(value.text);
    lower(value.text);
    if (is_american_with_extension(value.text)) value.text.resize(5);
    filter(value.text, [](int32_t c) { return !is_blank(c) && c != '-'; });
    if (is_british(value.text)) value.text.resize(value.text.size() - 2);
  });
}

Result<Step> make_country(const Arguments&) {
  return Step([](Value& value) {
    trim(value.text);
    if (value.text.empty()) return value.clear();
    const std::string_view code = country_code(value.text);
    if (code.empty()) return value.fail("is not a country");
    value.text = code;
  });
}

Result<Step> make_us_state(const Arguments&) {
  return Step([](Value& value) {
    trim(value.text);
    if (const std::string_view code = us_state_code(value.text); !code.empty()) value.text = code;
  });
}

}  // namespace

std::vector<Entry> person_entries() {
  const std::string group = "People and places";
  return {
      {{.name = "email",
        .group = group,
        .help = "An email address: trimmed, in small letters, and checked for its form.",
        .parameters = {{.name = "gmail_dots",
                        .type = Type::choice,
                        .by_default = "keep",
                        .help = "What happens to dots before the `@` of gmail.com and googlemail.com, which "
                                "mean nothing there. Some ad networks want them dropped before hashing.",
                        .choices = {{"keep", ""}, {"drop", ""}}}},
        .examples = {{"email", " Test@Example.com ", "test@example.com"},
                     {"{ email: { gmail_dots: drop } }", "Jane.Doe@Gmail.com", "janedoe@gmail.com"},
                     {"email", "jane at example.com", "", "is not an email address"},
                     {"email", " ", std::string(kNothing)}}},
       make_email},
      {{.name = "phone",
        .group = group,
        .help = "A telephone number in the international form E.164, read as people of its country write it "
                "(by libphonenumber).",
        .parameters = {{.name = "region",
                        .help = "The country of numbers without a country code, by its two letters. Without "
                                "it such numbers cannot be converted."},
                       {.name = "form",
                        .type = Type::choice,
                        .by_default = "e164",
                        .help = "How it is written.",
                        .choices = {{"e164", "`+14155551234`"}, {"digits", "`14155551234`"}}},
                       {.name = "check",
                        .type = Type::choice,
                        .by_default = "possible",
                        .help = "What it must be.",
                        .choices = {{"possible", "as long as numbers of its country are"},
                                    {"valid",
                                     "in a range that its country gives out, as far as the library "
                                     "knows (ranges newer than it are refused)"}}}},
        .examples = {{"{ phone: DE }", "030 / 90 18 20", "+4930901820"},
                     {"phone", "+1 (415) 555-1234", "+14155551234"},
                     {"{ phone: { form: digits } }", "+1 (415) 555-1234", "14155551234"},
                     {"{ phone: US }", "+49 30 901820", "+4930901820"},
                     {"phone", "030 901820", "",
                      "has no country code (say which country is meant: 'phone: DE')"},
                     {"{ phone: DE }", "call me", "", "is not a telephone number"}}},
       make_phone},
      {{.name = "name",
        .group = group,
        .help = "A person's name as ad networks compare it: in small letters, without punctuation.",
        .examples = {{"name", " O'Brien", "obrien"}, {"name", "Val\u00e9ry ", "val\u00e9ry"}}},
       make_name},
      {{.name = "postcode",
        .group = group,
        .help = "A postcode as ad networks compare it: in small letters, without spaces and dashes; five "
                "digits of an American one, area, district and sector of a British one.",
        .examples = {{"postcode", "94035-1234", "94035"},
                     {"postcode", "SW1A 1AA", "sw1a1"},
                     {"postcode", "80-331", "80331"}}},
       make_postcode},
      {{.name = "country_alpha2",
        .group = group,
        .help = "A country's two letters (ISO 3166-1), from two or three letters or an English name.",
        .examples = {{"country_alpha2", "Germany", "DE"},
                     {"country_alpha2", "usa", "US"},
                     {"country_alpha2", "at", "AT"},
                     {"country_alpha2", "Atlantis", "", "is not a country"}}},
       make_country},
      {{.name = "us_state",
        .group = group,
        .help = "The two letters of a state of the United States, from its name or letters. Anything else "
                "stays as it is.",
        .examples = {{"us_state", "California", "CA"},
                     {"us_state", "ny", "NY"},
                     {"us_state", "Bavaria", "Bavaria"}}},
       make_us_state},
  };
}

}  // namespace penstock::transform
