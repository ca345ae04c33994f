// What HubSpot takes as a value of a property, and what it makes of it. All values travel as texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/hubspot/object_type.h"

namespace penstock::sandbox::hubspot {

// Texts longer than this are refused (HubSpot's limit for text properties).
inline constexpr size_t kTextBytesMax = 65'536;

struct ValueProblem {
  std::string code;     // INVALID_EMAIL, INVALID_OPTION, ...
  std::string message;  // "Email address x is invalid"
  // A wrong kind of value fails its whole request with 400; a wrong address or a text that is too long only
  // its row.
  bool fails_request = true;
};

// Why HubSpot would refuse this value; none if it takes it. The empty value clears and is always fine.
std::optional<ValueProblem> check_value(const PropertyDefinition& property, std::string_view value);

// A value as HubSpot keeps it, where that differs from what was sent: addresses in lower case, dates
// and times in ISO 8601.
std::optional<std::string> kept_form(const PropertyDefinition& property, std::string_view value);

// A leading ; adds options to those that a checkbox property of the record holds already.
bool adds_options(const PropertyDefinition& property, std::string_view value);
std::string add_options(std::string_view held, std::string_view added);

std::optional<double> parse_number(std::string_view text);
// Milliseconds since 1970 of "1572480000000", "2019-10-31" or "2019-10-31T00:00:00.000Z" (or with +01:00).
std::optional<int64_t> parse_moment(std::string_view text);

}  // namespace penstock::sandbox::hubspot
