// Telephone numbers, by libphonenumber.
#pragma once

#include <string>
#include <string_view>

namespace penstock::transform {

enum class PhoneCheck {
  possible,  // as many digits as its country has
  valid,     // a number that its country has given out, as far as the library knows
};

bool is_phone_region(std::string_view region);

// E.164 with its plus, or empty with `why`. `region` is where a number without country code is; empty:
// nowhere.
std::string phone_e164(std::string_view written, const std::string& region, PhoneCheck check,
                       std::string_view& why);

// The same without the short way for the usual forms; for tests.
std::string phone_e164_slowly(std::string_view written, const std::string& region, PhoneCheck check,
                              std::string_view& why);

}  // namespace penstock::transform
