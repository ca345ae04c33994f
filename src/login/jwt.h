// JSON Web Tokens that say who we are (RFC 7519, RFC 7523).
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "connector/login.h"

namespace penstock {

// Signed with RS256. Valid from `now` for the assertion's lifetime. Errors are of kind config: the key.
Result<std::string> make_jwt(const connector::Assertion& assertion, Time now);

}  // namespace penstock
