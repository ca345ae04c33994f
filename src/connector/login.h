// The login of a destination: the words under `auth` with the destination's settings filled in. Says what is
// needed and does nothing; login/access.h fetches tokens and signs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connector/declaration.h"

namespace penstock::connector {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;
using SettingValues = std::map<std::string, std::string>;

struct Assertion {
  std::string issuer, subject, audience, scope;  // claims; empty ones are left out
  std::string private_key, key_id;
  Duration lifetime{};
};

struct TokenLogin {
  std::string method, url;
  NamedTexts fields;  // of the token request, without what changes from one to the next
  bool in_query = false;
  std::string basic;          // user:password of a basic login; empty: none
  std::string refresh_token;  // as the settings give it; empty: another grant
  std::optional<Assertion> assertion;
  std::string token_path, expires_path, base_path;
  std::optional<Duration> lifetime;
  std::string header, prefix;
};

struct SigV4Login {
  std::string access_key, secret_key, session_token, region, service;
};

struct HmacLogin {
  HmacAuth::Form form = HmacAuth::Form::hex;
  std::string secret, header, prefix;
};

struct Login {
  std::string title;   // of the connector, for messages
  std::string base;    // where the destination's addresses begin
  NamedTexts headers;  // of every request
  NamedTexts query;    // parameters of every address
  std::variant<std::monostate, TokenLogin, SigV4Login, HmacLogin> act;
  std::vector<std::string> missing;  // settings that it cannot do without and that have no value
  std::vector<std::string> secrets;  // texts that must not be seen anywhere
};

// `secrets`: values of the settings that are secret.
Login bind_login(const Declaration& declaration, const SettingValues& values,
                 const std::vector<std::string>& secrets);

// Names of the settings that a login takes and that have no default.
std::vector<std::string> settings_of_login(const Declaration& declaration, const OneAuth& auth);

// Whether settings are as the conditions say. A setting without a value is absent.
bool conditions_hold(const SettingConditions& when, const SettingValues& values);

// A text of a declaration that holds no placeholder but {setting.NAME}.
std::string filled_with_settings(const std::string& text, const SettingValues& values);

// The text with every secret replaced by ***.
std::string without_secrets(std::string text, const std::vector<std::string>& secrets);

}  // namespace penstock::connector
