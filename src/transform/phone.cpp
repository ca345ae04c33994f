#include "transform/phone.h"

#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <charconv>

namespace penstock::transform {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

const PhoneNumberUtil& library() {
  return *PhoneNumberUtil::GetInstance();
}

std::string_view reason_of(PhoneNumberUtil::ErrorType error, const std::string& region) {
  switch (error) {
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
      return region.empty() ? "has no country code (say which country is meant: 'phone: DE')"
                            : "has a country code that does not exist";
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN:
      return "is too short for a telephone number";
    case PhoneNumberUtil::TOO_LONG_NSN:
      return "is too long for a telephone number";
    default:
      return "is not a telephone number";
  }
}

// Empty: it will do.
std::string_view why_not(const PhoneNumber& number, PhoneCheck check) {
  switch (library().IsPossibleNumberWithReason(number)) {
    case PhoneNumberUtil::IS_POSSIBLE:
      break;
    case PhoneNumberUtil::TOO_SHORT:
      return "is too short for a telephone number";
    case PhoneNumberUtil::TOO_LONG:
      return "is too long for a telephone number";
    case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
      return "lacks its area code";
    default:
      return "is not a telephone number";
  }
  if (check == PhoneCheck::valid && !library().IsValidNumber(number))
    return "is not a valid telephone number";
  return "";
}

// Countries whose numbers the library takes as they are written once its trunk prefix (or none) is gone, so
// that we can do without its regular expressions, which take sixty microseconds a number. A test compares.
struct Plan {
  int country_code;
  std::string_view region;  // that a national number is written in
  char trunk;               // before national numbers; 0: none
  char first_min;           // the first digit of what follows; smaller ones go the long way
};
constexpr Plan kPlans[] = {
    {1, "US", '1', '2'},  {31, "NL", '0', '1'},  {32, "BE", '0', '1'}, {33, "FR", '0', '1'},
    {34, "ES", 0, '1'},   {41, "CH", '0', '1'},  {43, "AT", '0', '1'}, {44, "GB", '0', '1'},
    {45, "DK", 0, '1'},   {46, "SE", '0', '1'},  {47, "NO", 0, '1'},   {48, "PL", 0, '1'},
    {49, "DE", '0', '1'}, {61, "AU", '0', '2'},  {64, "NZ", '0', '2'}, {91, "IN", '0', '1'},
    {351, "PT", 0, '1'},  {353, "IE", '0', '1'},
};

// The digits of a number that is written with usual separators only, with its plus; empty for any other.
std::string_view usual_digits(std::string_view written, std::string& out) {
  out.clear();
  for (const char c : written) {
    if ((c >= '0' && c <= '9') || (c == '+' && out.empty()))
      out += c;
    else if (c != ' ' && c != '-' && c != '.' && c != '(' && c != ')' && c != '/')
      return {};
  }
  return out.size() >= 8 && out.size() <= 16 ? std::string_view(out) : std::string_view();
}

const Plan* plan_of(std::string_view& digits, const std::string& region) {
  const bool international = digits.starts_with('+');
  for (const Plan& plan : kPlans) {
    if (international) {
      char code[4];
      const auto end = std::to_chars(code, code + sizeof code, plan.country_code).ptr;
      const std::string_view start(code, static_cast<size_t>(end - code));
      if (!digits.substr(1).starts_with(start)) continue;
      digits.remove_prefix(1 + start.size());
      return &plan;
    }
    if (plan.region != region) continue;
    if (plan.trunk == '0' && digits[0] != '0') return nullptr;
    if (plan.trunk == '0') digits.remove_prefix(1);
    return &plan;
  }
  return nullptr;
}

bool short_way(std::string_view written, const std::string& region, PhoneCheck check, std::string& e164) {
  thread_local std::string clean;
  std::string_view digits = usual_digits(written, clean);
  if (digits.empty() || written.find("(0)") != std::string_view::npos) return false;
  const Plan* plan = plan_of(digits, region);
  // A national number may be taken for one with its country code where no prefix tells them apart.
  if (plan == nullptr || digits.empty() || digits[0] < plan->first_min) return false;
  if (!clean.starts_with('+') && plan->trunk == 0) return false;
  uint64_t national = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), national);
  thread_local PhoneNumber number;
  number.Clear();
  number.set_country_code(plan->country_code);
  number.set_national_number(national);
  if (!why_not(number, check).empty()) return false;
  e164.assign("+");
  char code[4];
  e164.append(code, std::to_chars(code, code + sizeof code, plan->country_code).ptr);
  e164 += digits;
  return true;
}

}  // namespace

bool is_phone_region(std::string_view region) {
  static const std::set<std::string> known = [] {
    std::set<std::string> regions;
    library().GetSupportedRegions(&regions);
    return regions;
  }();
  return known.contains(std::string(region));
}

std::string phone_e164_slowly(std::string_view written, const std::string& region, PhoneCheck check,
                              std::string_view& why) {
  std::string text(written);
  // Where no country is given, the usual way to say "international" is meant.
  if (region.empty() && text.starts_with("00")) text.replace(0, 2, "+");
  PhoneNumber number;
  const auto error = library().Parse(text, region.empty() ? "ZZ" : region, &number);
  if (error != PhoneNumberUtil::NO_PARSING_ERROR) {
    why = reason_of(error, region);
    return "";
  }
  why = why_not(number, check);
  if (!why.empty()) return "";
  std::string e164;
  library().Format(number, PhoneNumberUtil::E164, &e164);
  return e164;
}

std::string phone_e164(std::string_view written, const std::string& region, PhoneCheck check,
                       std::string_view& why) {
  std::string e164;
  if (short_way(written, region, check, e164)) return e164;
  return phone_e164_slowly(written, region, check, why);
}

}  // namespace penstock::transform
