#include "access/oidc.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <sodium.h>

#include <array>
#include <charconv>

#include "access/file_access.h"
#include "access/id_token.h"
#include "declare/nearest.h"
#include "net/crypto.h"

namespace penstock::access {
namespace {

constexpr Duration kKnownFor = std::chrono::hours(1);
constexpr size_t kReplyBytesMax = 1 << 20;

Error bad_provider(const std::string& issuer, std::string_view why) {
  return {ErrorKind::config, fmt::format("the login provider {} {}", issuer, why),
          "check PENSTOCK_OIDC_ISSUER: its /.well-known/openid-configuration must be there"};
}

Error bad_variable(std::string_view name, std::string_view why, std::string remedy) {
  return {ErrorKind::config, fmt::format("{} {}", name, why), std::move(remedy)};
}

std::optional<std::string> member(const std::string& json, std::string_view name) {
  simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse(json)[name].get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

// Whether a list of the provider's holds a word; `absent` where it says nothing.
bool lists(const std::string& json, std::string_view name, std::string_view word, bool absent) {
  simdjson::dom::parser parser;
  simdjson::dom::array words;
  if (parser.parse(json)[name].get(words) != simdjson::SUCCESS) return absent;
  for (const auto each : words)
    if (std::string_view text; each.get(text) == simdjson::SUCCESS && text == word) return true;
  return false;
}

// Over the network nothing but TLS; the loopback is for tests.
bool is_safe_url(std::string_view url) {
  if (url.starts_with("https://")) return true;
  const std::string_view host = host_of(url);
  const std::string_view name = host.substr(0, host.rfind(':'));
  return url.starts_with("http://") && (name == "127.0.0.1" || name == "localhost" || name == "[::1]");
}

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, percent_encode(value));
  return out;
}

// What a browser keeps while its user is at the provider: "SECONDS.STATE.NONCE.VERIFIER".
struct Pending {
  int64_t begun = 0;
  std::string state, nonce, verifier;
};

int64_t seconds_of(Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::optional<Pending> read_pending(std::string_view cookie) {
  std::array<std::string, 4> parts;
  for (auto& part : parts) {
    const size_t dot = std::min(cookie.find('.'), cookie.size());
    part = cookie.substr(0, dot);
    cookie.remove_prefix(std::min(dot + 1, cookie.size()));
    if (part.empty()) return std::nullopt;
  }
  Pending pending{0, parts[1], parts[2], parts[3]};
  const auto read = std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), pending.begun);
  if (!cookie.empty() || read.ec != std::errc() || read.ptr != parts[0].data() + parts[0].size())
    return std::nullopt;
  return pending;
}

Error another_login(std::string_view why) {
  return {ErrorKind::auth, fmt::format("this is not the answer to a login that was begun here: {}", why),
          "begin again at the login page"};
}

Result<std::optional<Role>> role_variable(const Variable& variable, const std::string& name) {
  const auto text = variable(name);
  if (!text) return std::optional<Role>();
  if (const auto role = role_named(*text)) return role;
  return bad_variable(name, "names no role",
                      fmt::format("the roles are {}", declare::list_names(role_names(), 12, "and")));
}

// "staff=viewer,ops=admin"
Result<std::vector<std::pair<std::string, Role>>> read_roles(std::string_view text) {
  std::vector<std::pair<std::string, Role>> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = one.rfind('=');
    const auto role = equals == one.npos ? std::nullopt : role_named(one.substr(equals + 1));
    if (!role || equals == 0)
      return bad_variable("PENSTOCK_OIDC_ROLES", "is no list of values and roles",
                          "write staff=viewer,ops=admin");
    out.emplace_back(one.substr(0, equals), *role);
  }
  return out;
}

}  // namespace

Result<std::optional<OidcSettings>> oidc_settings(const Variable& variable, const std::string& redirect_url) {
  OidcSettings settings;
  const auto issuer = variable("PENSTOCK_OIDC_ISSUER");
  if (!issuer) return std::optional<OidcSettings>();
  if (!is_safe_url(*issuer))
    return bad_variable("PENSTOCK_OIDC_ISSUER", "is no address that begins with https://",
                        "write it as the provider does");
  settings.issuer = *issuer;
  settings.redirect_url = redirect_url;
  settings.shown_name = variable("PENSTOCK_OIDC_NAME").value_or(std::string(host_of(*issuer)));
  settings.client_id = variable("PENSTOCK_OIDC_CLIENT_ID").value_or("");
  if (settings.client_id.empty())
    return bad_variable("PENSTOCK_OIDC_CLIENT_ID", "is not set",
                        "register this service at the provider, and set its id");
  settings.client_secret = declare::Secret(variable("PENSTOCK_OIDC_CLIENT_SECRET").value_or(""));
  settings.scopes = variable("PENSTOCK_OIDC_SCOPES").value_or(settings.scopes);
  settings.name_claim = variable("PENSTOCK_OIDC_NAME_CLAIM").value_or(settings.name_claim);
  settings.email_must_be_verified = variable("PENSTOCK_OIDC_TRUST_EMAIL") != "yes";
  settings.role_claim = variable("PENSTOCK_OIDC_ROLE_CLAIM").value_or("");
  auto roles = read_roles(variable("PENSTOCK_OIDC_ROLES").value_or(""));
  if (!roles.ok()) return roles.error();
  settings.roles = *std::move(roles);
  auto by_default = role_variable(variable, "PENSTOCK_OIDC_DEFAULT_ROLE");
  if (!by_default.ok()) return by_default.error();
  settings.default_role = *by_default;
  if (!settings.default_role && (settings.role_claim.empty() || settings.roles.empty()))
    return bad_variable("PENSTOCK_OIDC_DEFAULT_ROLE",
                        "is not set, and no claim gives a role, so nobody would be let in",
                        "set it to viewer, or set PENSTOCK_OIDC_ROLE_CLAIM and PENSTOCK_OIDC_ROLES");
  return std::optional(std::move(settings));
}

Oidc::Oidc(Loop& loop, HttpClient& client, OidcSettings settings, RandomBytes random_bytes)
    : loop_(loop), client_(client), settings_(std::move(settings)), random_bytes_(std::move(random_bytes)) {
  static const bool ready = sodium_init() >= 0;
  check(ready, "libsodium did not start");
}

std::string Oidc::random_text() const {
  if (random_bytes_) return base64_url(random_bytes_(32));
  std::string drawn(32, '\0');
  randombytes_buf(drawn.data(), drawn.size());
  return base64_url(drawn);
}

Task<Result<std::string>> Oidc::get(std::string url, std::string what) {
  HttpRequest request{.url = url, .headers = {{"Accept", "application/json"}}};
  request.timeouts = {.connect = 5s, .first_byte = 10s, .total = 15s};
  request.reply_bytes_max = kReplyBytesMax;
  HttpOutcome outcome = co_await client_.send(std::move(request));
  if (!outcome.replied())
    co_return Error(outcome.failure().error).in(fmt::format("the login provider {}", settings_.issuer));
  if (outcome.reply().status >= 500)
    co_return Error{
        ErrorKind::transient,
        fmt::format("the login provider {} answers with status {}", settings_.issuer, outcome.reply().status),
        "try again later"};
  if (outcome.reply().status != 200)
    co_return bad_provider(settings_.issuer,
                           fmt::format("does not give its {} (status {})", what, outcome.reply().status));
  co_return std::move(outcome).reply().body;
}

Task<Result<void>> Oidc::know_provider() {
  if (provider_ && loop_.now() < provider_->until) co_return success();
  std::string url = settings_.issuer;
  while (url.ends_with('/')) url.pop_back();
  auto text = co_await get(url + "/.well-known/openid-configuration", "configuration");
  if (!text.ok()) co_return text.error();
  if (member(*text, "issuer") != settings_.issuer)
    co_return bad_provider(settings_.issuer, "calls itself by another name");
  Provider provider;
  provider.authorization_url = member(*text, "authorization_endpoint").value_or("");
  provider.token_url = member(*text, "token_endpoint").value_or("");
  provider.keys_url = member(*text, "jwks_uri").value_or("");
  for (const std::string& each : {provider.authorization_url, provider.token_url, provider.keys_url})
    if (!is_safe_url(each))
      co_return bad_provider(settings_.issuer, "does not tell all its addresses, with https://");
  provider.takes_basic = lists(*text, "token_endpoint_auth_methods_supported", "client_secret_basic", true);
  provider.until = loop_.now() + kKnownFor;
  provider_ = std::move(provider);
  co_return success();
}

Task<Result<Oidc::Start>> Oidc::start() {
  auto known = co_await know_provider();
  if (!known.ok()) co_return known.error();
  const std::string state = random_text(), nonce = random_text(), verifier = random_text();
  Start start;
  const std::string& at = provider_->authorization_url;
  start.url = fmt::format("{}{}{}", at, at.find('?') == at.npos ? "?" : "&",
                          form({{"response_type", "code"},
                                {"client_id", settings_.client_id},
                                {"redirect_uri", settings_.redirect_url},
                                {"scope", settings_.scopes},
                                {"state", state},
                                {"nonce", nonce},
                                {"code_challenge", base64_url(sha256(verifier))},
                                {"code_challenge_method", "S256"}}));
  start.cookie =
      declare::Secret(fmt::format("{}.{}.{}.{}", seconds_of(loop_.clock().now()), state, nonce, verifier));
  co_return start;
}

Task<Result<std::string>> Oidc::exchange_code(std::string code, std::string verifier) {
  std::vector<std::pair<std::string, std::string>> fields = {{"grant_type", "authorization_code"},
                                                             {"code", code},
                                                             {"redirect_uri", settings_.redirect_url},
                                                             {"client_id", settings_.client_id},
                                                             {"code_verifier", verifier}};
  HttpRequest request{
      .method = "POST",
      .url = provider_->token_url,
      .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}}};
  const std::string& secret = settings_.client_secret.reveal();
  if (!secret.empty() && provider_->takes_basic)
    request.headers.emplace_back("Authorization", "Basic " + base64(percent_encode(settings_.client_id) +
                                                                    ":" + percent_encode(secret)));
  else if (!secret.empty())
    fields.emplace_back("client_secret", secret);
  request.body = form(fields);
  request.timeouts = {.connect = 5s, .first_byte = 10s, .total = 15s};
  request.reply_bytes_max = kReplyBytesMax;
  HttpOutcome outcome = co_await client_.send(std::move(request));
  if (!outcome.replied())
    co_return Error(outcome.failure().error).in(fmt::format("the login provider {}", settings_.issuer));
  const HttpReply& reply = outcome.reply();
  if (reply.status >= 500)
    co_return Error{
        ErrorKind::transient,
        fmt::format("the login provider {} answers with status {}", settings_.issuer, reply.status),
        "try again later"};
  auto token = reply.status == 200 ? member(reply.body, "id_token") : std::nullopt;
  if (token) co_return *std::move(token);
  // One of few words (RFC 6749, section 5.2); anything else is not shown.
  std::string why = member(reply.body, "error").value_or("");
  if (why.empty() || why.size() > 40 || why.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != why.npos)
    why = fmt::format("status {}", reply.status);
  co_return Error{
      ErrorKind::auth, fmt::format("the login provider does not take the code: {}", why),
      "log in again; if it stays so, check PENSTOCK_OIDC_CLIENT_ID, its secret and the redirect address"};
}

// Keys are asked for anew when the token names one that is not known: providers change them.
Task<Result<std::string>> Oidc::claims_of(std::string id_token) {
  for (int nth = 1;; ++nth) {
    const bool anew = nth > 1;
    if (anew || keys_.empty() || loop_.now() >= keys_until_) {
      auto keys = co_await get(provider_->keys_url, "keys");
      if (!keys.ok()) co_return keys.error();
      keys_ = *std::move(keys);
      keys_until_ = loop_.now() + kKnownFor;
    }
    bool unknown_key = false;
    auto claims = verify_signature(id_token, keys_, unknown_key);
    if (claims.ok() || !unknown_key || anew) co_return claims;
  }
}

Task<Result<ExternalUser>> Oidc::finish(Callback callback) {
  const auto pending = read_pending(callback.cookie);
  if (!pending) co_return another_login("the browser brings no cookie of it");
  const int64_t age = seconds_of(loop_.clock().now()) - pending->begun;
  if (age < 0 || age > std::chrono::duration_cast<std::chrono::seconds>(kOidcCookieLasts).count())
    co_return another_login("it was begun too long ago");
  const bool same_state =
      callback.state.size() == pending->state.size() &&
      sodium_memcmp(callback.state.data(), pending->state.data(), callback.state.size()) == 0;
  if (!same_state) co_return another_login("its state is another one");
  if (!callback.iss.empty() && callback.iss != settings_.issuer)
    co_return another_login("it comes from another provider");
  if (!callback.error.empty())
    co_return Error{ErrorKind::auth,
                    fmt::format("the login provider refuses: {}", for_the_log(callback.error).substr(0, 60)),
                    "log in again, or ask who runs the provider"};
  if (callback.code.empty()) co_return another_login("it brings no code");
  auto known = co_await know_provider();
  if (!known.ok()) co_return known.error();
  auto token = co_await exchange_code(callback.code, pending->verifier);
  if (!token.ok()) co_return token.error();
  auto claims = co_await claims_of(*std::move(token));
  if (!claims.ok()) co_return claims.error();
  const Expected expected{settings_.issuer, settings_.client_id, pending->nonce, loop_.clock().now()};
  if (auto good = check_claims(*claims, expected); !good.ok()) co_return good.error();
  co_return user_of(*claims, settings_);
}

}  // namespace penstock::access
