#include "access/id_token.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <sodium.h>

#include <algorithm>
#include <memory>

// The header's functions are C; it does not say so itself everywhere.
extern "C" {
#include <cjose/cjose.h>
}

#include "access/file_access.h"
#include "net/crypto.h"

namespace penstock::access {
namespace {

namespace dom = simdjson::dom;

constexpr int64_t kSkewSeconds = 60;
constexpr int64_t kOldestSeconds = int64_t{15} * 60;  // a token of a code flow was made just now

Error not_believed(std::string why) {
  return {ErrorKind::auth, fmt::format("the login is not believed: {}", why),
          "log in again; if it stays so, tell the admin what stands here"};
}

std::optional<std::string> string_at(dom::element root, std::string_view path) {
  while (!path.empty()) {
    const size_t dot = std::min(path.find('.'), path.size());
    if (root.at_key(path.substr(0, dot)).get(root) != simdjson::SUCCESS) return std::nullopt;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  std::string_view text;
  if (root.get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

std::optional<int64_t> number_at(dom::element root, std::string_view name) {
  double number = 0;  // some providers write fractions
  if (root.at_key(name).get(number) != simdjson::SUCCESS || !(number > 0 && number < 1e12))
    return std::nullopt;
  return static_cast<int64_t>(number);
}

// A text, or a list of texts; a claim of names may be either. `path`: members with dots between.
std::vector<std::string> strings_at(dom::element root, std::string_view path) {
  // A claim may have dots in its own name ("https://example.com/roles").
  dom::element at;
  if (root.at_key(path).get(at) != simdjson::SUCCESS) {
    at = root;
    for (std::string_view rest = path; !rest.empty();) {
      const size_t dot = std::min(rest.find('.'), rest.size());
      if (at.at_key(rest.substr(0, dot)).get(at) != simdjson::SUCCESS) return {};
      rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
  }
  std::string_view text;
  if (at.get(text) == simdjson::SUCCESS) return {std::string(text)};
  std::vector<std::string> out;
  dom::array list;
  if (at.get(list) != simdjson::SUCCESS) return out;
  for (const dom::element each : list)
    if (each.get(text) == simdjson::SUCCESS) out.emplace_back(text);
  return out;
}

struct TokenHead {
  std::string algorithm, key_id;
};

std::optional<TokenHead> head_of(const std::string& token) {
  std::string text = token.substr(0, token.find('.'));
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  const auto bytes = from_base64(text);
  dom::parser parser;
  dom::element head;
  if (!bytes || parser.parse(*bytes).get(head) != simdjson::SUCCESS || !head.is_object()) return std::nullopt;
  return TokenHead{string_at(head, "alg").value_or(""), string_at(head, "kid").value_or("")};
}

// Keys that may have signed it: of the algorithm's type, for signatures, and of that id where the token names
// one.
std::vector<std::string> fitting_keys(const std::string& keys, const TokenHead& head) {
  dom::parser parser;
  dom::element root;
  dom::array list;
  std::vector<std::string> out;
  if (parser.parse(keys).get(root) != simdjson::SUCCESS || root.at_key("keys").get(list) != simdjson::SUCCESS)
    return out;
  const std::string_view type = head.algorithm == "RS256" ? "RSA" : "EC";
  for (const dom::element key : list) {
    if (!key.is_object() || string_at(key, "kty") != type) continue;
    if (string_at(key, "use").value_or("sig") != "sig") continue;
    if (string_at(key, "alg").value_or(head.algorithm) != head.algorithm) continue;
    if (type == "EC" && string_at(key, "crv") != "P-256") continue;
    if (!head.key_id.empty() && string_at(key, "kid") != head.key_id) continue;
    out.push_back(simdjson::minify(key));
  }
  return out;
}

using Jws = std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)>;
using Jwk = std::unique_ptr<cjose_jwk_t, decltype(&cjose_jwk_release)>;

bool is_signed_by(cjose_jws_t* jws, const std::string& key) {
  cjose_err error{};
  const Jwk jwk(cjose_jwk_import(key.data(), key.size(), &error), &cjose_jwk_release);
  return jwk && cjose_jws_verify(jws, jwk.get(), &error);
}

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

// True or "true": providers write both.
bool is_true(dom::element root, std::string_view name) {
  bool value = false;
  return (root.at_key(name).get(value) == simdjson::SUCCESS && value) || string_at(root, name) == "true";
}

std::optional<Role> role_by_claim(dom::element root, const OidcSettings& settings) {
  std::optional<Role> highest;
  if (settings.role_claim.empty()) return highest;
  for (const std::string& value : strings_at(root, settings.role_claim))
    for (const auto& [name, role] : settings.roles)
      if (value == name && (!highest || role > *highest)) highest = role;
  return highest;
}

}  // namespace

Result<std::string> verify_signature(const std::string& token, const std::string& keys, bool& unknown_key) {
  unknown_key = false;
  const auto head = head_of(token);
  if (!head) return not_believed("the provider's token cannot be read");
  // Never what the token alone says: "none", or HS256 with a public key as its secret.
  if (head->algorithm != "RS256" && head->algorithm != "ES256")
    return not_believed("the provider's token is signed neither by RS256 nor by ES256");
  const auto fitting = fitting_keys(keys, *head);
  unknown_key = fitting.empty();
  if (fitting.empty())
    return not_believed("the provider's token is signed with a key that it does not publish");
  cjose_err error{};
  const Jws jws(cjose_jws_import(token.data(), token.size(), &error), &cjose_jws_release);
  if (!jws) return not_believed("the provider's token cannot be read");
  const bool good = std::any_of(fitting.begin(), fitting.end(),
                                [&](const std::string& key) { return is_signed_by(jws.get(), key); });
  uint8_t* claims = nullptr;
  size_t size = 0;
  if (!good || !cjose_jws_get_plaintext(jws.get(), &claims, &size, &error))
    return not_believed("the signature of the provider's token does not hold");
  return std::string(reinterpret_cast<const char*>(claims), size);
}

Result<void> check_claims(const std::string& claims, const Expected& expected) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(claims).get(root) != simdjson::SUCCESS || !root.is_object())
    return not_believed("the provider's token has no claims");
  if (string_at(root, "iss") != expected.issuer) return not_believed("the token is of another issuer");
  const auto audience = strings_at(root, "aud");
  if (std::find(audience.begin(), audience.end(), expected.client_id) == audience.end())
    return not_believed("the token is for another client");
  const auto party = string_at(root, "azp");
  if ((audience.size() > 1 && !party) || (party && *party != expected.client_id))
    return not_believed("the token was made for another client");
  const int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(expected.now.time_since_epoch()).count();
  const auto ends = number_at(root, "exp"), made = number_at(root, "iat"), begins = number_at(root, "nbf");
  if (!ends || !made) return not_believed("the token does not say from when to when it holds");
  if (now >= *ends + kSkewSeconds) return not_believed("the token has ended");
  if (*made > now + kSkewSeconds || (begins && *begins > now + kSkewSeconds))
    return not_believed("the token is from the future: compare the clocks of this machine and the provider");
  if (now - *made > kOldestSeconds) return not_believed("the token is old");
  if (!same_text(string_at(root, "nonce").value_or(""), expected.nonce))
    return not_believed("the token belongs to another login");
  if (string_at(root, "sub").value_or("").empty()) return not_believed("the token names nobody");
  return success();
}

Result<ExternalUser> user_of(const std::string& claims, const OidcSettings& settings) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(claims).get(root) != simdjson::SUCCESS)
    return not_believed("the provider's token has no claims");
  const auto name = string_at(root, settings.name_claim);
  if (!name || name->empty())
    return Error{ErrorKind::auth,
                 fmt::format("the provider does not tell the claim '{}'", settings.name_claim),
                 "let the provider give it, or name another one in PENSTOCK_OIDC_NAME_CLAIM"};
  if (settings.name_claim == "email" && settings.email_must_be_verified && !is_true(root, "email_verified"))
    return Error{
        ErrorKind::auth, "the provider does not say that the email address is verified",
        "verify it there; where all addresses are the provider's own: PENSTOCK_OIDC_TRUST_EMAIL=yes"};
  if (auto may = check_name(*name, "user"); !may.ok())
    return Error{ErrorKind::auth, may.error().message, may.error().remedy};
  ExternalUser user;
  user.name = *name;
  user.subject = settings.issuer + " " + *string_at(root, "sub");
  user.role = role_by_claim(root, settings);
  user.first_role = settings.default_role.value_or(Role::viewer);
  if (!user.role && !settings.default_role)
    return Error{ErrorKind::auth, fmt::format("'{}' has no role here", user.name),
                 "ask an admin for a group that has one"};
  if (!user.role && !settings.role_claim.empty()) user.role = settings.default_role;
  return user;
}

}  // namespace penstock::access
