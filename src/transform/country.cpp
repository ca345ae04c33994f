#include "transform/country.h"

#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <string>
#include <unordered_map>

#include "transform/unicode.h"

namespace penstock::transform {
namespace {

using Codes = std::unordered_map<std::string, std::string>;

// How names are compared: no case, no marks, no punctuation, no "the", "and" as a sign or a word.
std::string comparable(std::string_view name) {
  std::string key(name);
  to_ascii(key);
  lower(key);
  for (size_t at; (at = key.find('&')) != std::string::npos;) key.replace(at, 1, "and");
  filter(key, [](int32_t c) { return !is_punctuation(c) && !is_blank(c); });
  if (key.size() > 6 && key.starts_with("the")) key.erase(0, 3);
  return key;
}

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

// Names that are in use beside those of the Unicode locale data.
constexpr std::pair<const char*, const char*> kOtherNames[] = {
    {"UK", "GB"},
    {"Great Britain", "GB"},
    {"England", "GB"},
    {"Scotland", "GB"},
    {"Wales", "GB"},
    {"Northern Ireland", "GB"},
    {"United States of America", "US"},
    {"U.S.", "US"},
    {"Czech Republic", "CZ"},
    {"Holland", "NL"},
    {"Russian Federation", "RU"},
    {"Republic of Korea", "KR"},
    {"Korea", "KR"},
    {"Turkey", "TR"},
    {"Burma", "MM"},
    {"Ivory Coast", "CI"},
    {"Swaziland", "SZ"},
    {"Macedonia", "MK"},
    {"Viet Nam", "VN"},
    {"Hong Kong", "HK"},
    {"Macau", "MO"},
    {"Republic of Ireland", "IE"},
    {"People's Republic of China", "CN"},
    {"Islamic Republic of Iran", "IR"},
    {"Syrian Arab Republic", "SY"},
    {"Republic of Moldova", "MD"},
    {"United Republic of Tanzania", "TZ"},
    {"Brunei Darussalam", "BN"},
    {"Cabo Verde", "CV"},
    {"Vatican", "VA"},
    {"Holy See", "VA"},
};

const Codes& countries() {
  static const Codes codes = [] {
    Codes made;
    for (const char* const* code = icu::Locale::getISOCountries(); *code != nullptr; ++code) {
      const icu::Locale locale("", *code);
      icu::UnicodeString name;
      locale.getDisplayCountry(icu::Locale::getEnglish(), name);
      made.emplace(comparable(utf8(name)), *code);
      made.emplace(comparable(*code), *code);
      made.emplace(comparable(locale.getISO3Country()), *code);
    }
    for (const auto& [name, code] : kOtherNames) made.insert_or_assign(comparable(name), code);
    return made;
  }();
  return codes;
}

constexpr std::pair<const char*, const char*> kStates[] = {
    {"Alabama", "AL"},        {"Alaska", "AK"},        {"Arizona", "AZ"},
    {"Arkansas", "AR"},       {"California", "CA"},    {"Colorado", "CO"},
    {"Connecticut", "CT"},    {"Delaware", "DE"},      {"Florida", "FL"},
    {"Georgia", "GA"},        {"Hawaii", "HI"},        {"Idaho", "ID"},
    {"Illinois", "IL"},       {"Indiana", "IN"},       {"Iowa", "IA"},
    {"Kansas", "KS"},         {"Kentucky", "KY"},      {"Louisiana", "LA"},
    {"Maine", "ME"},          {"Maryland", "MD"},      {"Massachusetts", "MA"},
    {"Michigan", "MI"},       {"Minnesota", "MN"},     {"Mississippi", "MS"},
    {"Missouri", "MO"},       {"Montana", "MT"},       {"Nebraska", "NE"},
    {"Nevada", "NV"},         {"New Hampshire", "NH"}, {"New Jersey", "NJ"},
    {"New Mexico", "NM"},     {"New York", "NY"},      {"North Carolina", "NC"},
    {"North Dakota", "ND"},   {"Ohio", "OH"},          {"Oklahoma", "OK"},
    {"Oregon", "OR"},         {"Pennsylvania", "PA"},  {"Rhode Island", "RI"},
    {"South Carolina", "SC"}, {"South Dakota", "SD"},  {"Tennessee", "TN"},
    {"Texas", "TX"},          {"Utah", "UT"},          {"Vermont", "VT"},
    {"Virginia", "VA"},       {"Washington", "WA"},    {"West Virginia", "WV"},
    {"Wisconsin", "WI"},      {"Wyoming", "WY"},       {"District of Columbia", "DC"},
    {"Puerto Rico", "PR"},    {"Washington DC", "DC"},
};

const Codes& states() {
  static const Codes codes = [] {
    Codes made;
    for (const auto& [name, code] : kStates) {
      made.emplace(comparable(name), code);
      made.emplace(comparable(code), code);
    }
    return made;
  }();
  return codes;
}

std::string_view look_up(const Codes& codes, std::string_view written) {
  const auto found = codes.find(comparable(written));
  return found == codes.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

std::string_view country_code(std::string_view written) {
  return look_up(countries(), written);
}

std::string_view us_state_code(std::string_view written) {
  return look_up(states(), written);
}

}  // namespace penstock::transform
