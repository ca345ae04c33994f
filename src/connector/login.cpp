#include "connector/login.h"

#include <algorithm>

#include "connector/text_template.h"
#include "payload/payload.h"

namespace penstock::connector {
namespace {

const std::string& value_of(const std::string& name, const SettingValues& values) {
  static const std::string kNone;
  const auto found = values.find(name);
  return found == values.end() ? kNone : found->second;
}

class LoginBinder {
 public:
  LoginBinder(const Declaration& declaration, const SettingValues& values) : values_(values) {
    login_.title = declaration.title;
    login_.base = fill(*declaration.base);
    while (login_.base.ends_with('/')) login_.base.pop_back();
  }

  Login bind(const OneAuth& auth) {
    for (const AuthText& text : texts_of(auth))
      if (text.needed) find_missing(**text.text);
    std::visit([&](const auto& one) { put(one); }, auth);
    return std::move(login_);
  }

 private:
  void put(const NoAuth&) {}
  void put(const BearerAuth& bearer) {
    login_.headers.emplace_back("Authorization", "Bearer " + secret(*bearer.token));
  }
  void put(const HeaderAuth& header) {
    login_.headers.emplace_back(fill(*header.name), secret(*header.value));
  }
  void put(const BasicAuth& basic) {
    std::string login;
    append_base64(login, fill(*basic.user) + ":" + secret(*basic.password));
    login_.secrets.push_back(login);
    login_.headers.emplace_back("Authorization", "Basic " + login);
  }
  void put(const QueryAuth& query) { login_.query.emplace_back(fill(*query.name), secret(*query.value)); }
  void put(const SigV4Auth& auth) {
    login_.act = SigV4Login{fill(*auth.access_key), secret(*auth.secret_key), secret(*auth.session_token),
                            fill(*auth.region), fill(*auth.service)};
  }
  void put(const HmacAuth& auth) {
    login_.act = HmacLogin{auth.form, secret(*auth.secret), fill(*auth.header), fill(*auth.prefix)};
  }
  void put(const OAuth2Auth& auth) {
    TokenLogin token;
    token.method = auth.method == OAuth2Auth::Method::get ? "GET" : "POST";
    token.url = fill(*auth.token_url);
    token.in_query = auth.send == OAuth2Auth::Send::query;
    token.fields.emplace_back("grant_type", name_of(auth.grant));
    put_client(auth, token);
    if (auth.grant == OAuth2Auth::Grant::password) {
      add(token.fields, "username", *auth.user);
      add(token.fields, "password", *auth.password);
      secret(*auth.password);
    }
    add(token.fields, "scope", *auth.scope);
    for (const auto& extra : auth.extra) token.fields.emplace_back(extra.name, fill(extra.value));
    if (auth.grant == OAuth2Auth::Grant::refresh_token) token.refresh_token = secret(*auth.refresh_token);
    if (auth.grant == OAuth2Auth::Grant::jwt_bearer && auth.jwt) token.assertion = assertion_of(*auth.jwt);
    token.token_path = auth.token;
    token.expires_path = auth.expires;
    token.base_path = auth.base;
    token.lifetime = auth.lifetime;
    token.header = fill(*auth.header);
    token.prefix = *auth.prefix;
    login_.act = std::move(token);
  }

  void put_client(const OAuth2Auth& auth, TokenLogin& token) {
    secret(*auth.client_secret);
    if (auth.send == OAuth2Auth::Send::basic) {
      token.basic = fill(*auth.client_id) + ":" + fill(*auth.client_secret);
      std::string encoded;
      append_base64(encoded, token.basic);
      login_.secrets.push_back(std::move(encoded));
      return;
    }
    add(token.fields, "client_id", *auth.client_id);
    add(token.fields, "client_secret", *auth.client_secret);
  }

  Assertion assertion_of(const JwtRules& jwt) {
    return {.issuer = fill(*jwt.issuer),
            .subject = fill(*jwt.subject),
            .audience = fill(*jwt.audience),
            .scope = fill(*jwt.scope),
            .private_key = secret(*jwt.private_key),
            .key_id = fill(*jwt.key_id),
            .lifetime = jwt.lifetime};
  }

  static std::string name_of(OAuth2Auth::Grant grant) {
    switch (grant) {
      case OAuth2Auth::Grant::client_credentials:
        return "client_credentials";
      case OAuth2Auth::Grant::refresh_token:
        return "refresh_token";
      case OAuth2Auth::Grant::jwt_bearer:
        return "urn:ietf:params:oauth:grant-type:jwt-bearer";
      case OAuth2Auth::Grant::password:
        return "password";
    }
    die("a grant without a name");
  }

  // An empty field is left out.
  void add(NamedTexts& fields, const char* name, const std::string& text) const {
    std::string value = fill(text);
    if (!value.empty()) fields.emplace_back(name, std::move(value));
  }

  // Filled in, and never shown, whether the declaration calls the setting a secret or not.
  std::string secret(const std::string& text) {
    std::string value = fill(text);
    if (!value.empty()) login_.secrets.push_back(value);
    return value;
  }

  std::string fill(const std::string& text) const { return filled_with_settings(text, values_); }

  void find_missing(const std::string& text) {
    const auto parsed = TextTemplate::parse(text);
    check(parsed.ok(), "a text of a declaration was checked");
    for (const auto& piece : parsed->pieces())
      if (piece.placeholder && value_of(piece.placeholder->argument, values_).empty() &&
          std::find(login_.missing.begin(), login_.missing.end(), piece.placeholder->argument) ==
              login_.missing.end())
        login_.missing.push_back(piece.placeholder->argument);
  }

  const SettingValues& values_;
  Login login_;
};

}  // namespace

std::vector<std::string> settings_of_login(const Declaration& declaration, const OneAuth& auth) {
  std::vector<std::string> names;
  for (const AuthText& text : texts_of(auth)) {
    const auto parsed = TextTemplate::parse(**text.text);
    check(parsed.ok(), "a text of a declaration was checked");
    for (const auto& piece : parsed->pieces()) {
      if (!piece.placeholder) continue;
      const auto declared =
          std::find_if(declaration.settings.begin(), declaration.settings.end(),
                       [&](const auto& setting) { return setting.name == piece.placeholder->argument; });
      const bool has_default = declared != declaration.settings.end() && declared->value.by_default;
      if (!has_default && std::find(names.begin(), names.end(), piece.placeholder->argument) == names.end())
        names.push_back(piece.placeholder->argument);
    }
  }
  return names;
}

bool conditions_hold(const SettingConditions& when, const SettingValues& values) {
  return std::all_of(when.begin(), when.end(), [&](const auto& condition) {
    const std::string& value = value_of(condition.name, values);
    if (condition.value == "present") return !value.empty();
    if (condition.value == "absent") return value.empty();
    return value == condition.value;
  });
}

std::string filled_with_settings(const std::string& text, const SettingValues& values) {
  const auto parsed = TextTemplate::parse(text);
  check(parsed.ok(), "a text of a declaration was checked");
  return parsed->fill([&](const Placeholder& placeholder) {
    check(placeholder.what == Placeholder::What::setting, "a login knows settings only");
    return value_of(placeholder.argument, values);
  });
}

Login bind_login(const Declaration& declaration, const SettingValues& values,
                 const std::vector<std::string>& secrets) {
  for (const AuthChoice& choice : choices_of(declaration.auth)) {
    if (!conditions_hold(choice.when, values)) continue;
    Login login = LoginBinder(declaration, values).bind(choice.use);
    login.secrets.insert(login.secrets.end(), secrets.begin(), secrets.end());
    return login;
  }
  die("the last login of a choice has no conditions");
}

std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
  // The longest first: one secret may be a part of another.
  std::vector<std::string_view> longest_first(secrets.begin(), secrets.end());
  std::sort(longest_first.begin(), longest_first.end(),
            [](std::string_view a, std::string_view b) { return a.size() > b.size(); });
  for (const std::string_view secret : longest_first) {
    if (secret.size() < 4) break;  // too short to be found without mangling other text
    for (size_t at = text.find(secret); at != text.npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace penstock::connector
