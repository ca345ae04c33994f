// ID tokens of OpenID Connect: whether one is to be believed. Pure. Private to access/.
#pragma once

#include <string>
#include <string_view>

#include "access/oidc.h"

namespace penstock::access {

// The claims, as JSON, of a token that one of the keys (a JSON Web Key Set) has signed by RS256 or ES256.
// Errors are of kind auth. `unknown_key` is set if there is no such key: a newer set may have it.
Result<std::string> verify_signature(const std::string& token, const std::string& keys, bool& unknown_key);

struct Expected {
  std::string issuer, client_id, nonce;
  Time now{};
};
// Section 3.1.3.7 of OpenID Connect Core: issuer, audience, times, nonce.
Result<void> check_claims(const std::string& claims, const Expected& expected);

// The user's name and role, as the settings say.
Result<ExternalUser> user_of(const std::string& claims, const OidcSettings& settings);

}  // namespace penstock::access
