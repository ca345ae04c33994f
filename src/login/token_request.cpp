#include "login/token_request.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <ctime>

#include "connector/json_path.h"
#include "login/jwt.h"
#include "net/crypto.h"

namespace penstock {
namespace {

constexpr int kAttempts = 4;
// Clocks that differ by less are not to blame for a refusal.
constexpr Duration kTokenSkewMin = 10s;

std::string encoded(const connector::NamedTexts& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", percent_encode(name), percent_encode(value));
  return out;
}

bool may_pass(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

Duration pause_after(int attempt, const HttpOutcome& outcome) {
  Duration pause = 1s * (1 << (attempt - 1));
  if (!outcome.replied()) return pause;
  const std::string* after = outcome.reply().header("Retry-After");
  int64_t seconds = 0;
  if (after != nullptr &&
      std::from_chars(after->data(), after->data() + after->size(), seconds).ec == std::errc() &&
      seconds >= 0)
    pause = std::min<Duration>(60s, std::chrono::seconds(std::min<int64_t>(seconds, 60)));
  return pause;
}

std::string first_text(simdjson::dom::element root, std::initializer_list<std::string_view> paths) {
  for (const auto path : paths) {
    const auto at = connector::at_path(root, path);
    if (at && at->is_string()) return connector::text_of(*at);
  }
  return "";
}

std::string remedy_for(const connector::TokenLogin& login) {
  if (!login.refresh_token.empty())
    return "if the consent was taken back or the refresh token is too old, connect at the vendor again and "
           "put "
           "the new refresh token into the destination's file; else check client id and secret there";
  if (login.assertion)
    return "check issuer, subject and audience, and that the vendor knows the public part of the key";
  return "check the client id, secret and user in the destination's file";
}

}  // namespace

std::optional<Time> date_of(const HttpReply& reply) {
  const std::string* text = reply.header("Date");
  std::tm date{};
  if (text == nullptr || ::strptime(text->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr)
    return std::nullopt;
  return Time(Duration(int64_t{::timegm(&date)} * 1'000'000));
}

TokenRequest::TokenRequest(Loop& loop, HttpClient& client, const connector::Login& login)
    : loop_(loop), client_(client), login_(login), token_(std::get<connector::TokenLogin>(login.act)) {}

Result<HttpRequest> TokenRequest::request(const std::string& refresh_token) {
  connector::NamedTexts fields = token_.fields;
  if (!refresh_token.empty()) fields.emplace_back("refresh_token", refresh_token);
  if (token_.assertion) {
    auto jwt = make_jwt(*token_.assertion, loop_.clock().now() + skew_);
    if (!jwt.ok()) return jwt.error();
    fields.emplace_back("assertion", *std::move(jwt));
  }
  HttpRequest request;
  request.method = token_.method;
  request.url = token_.url;
  request.headers = {{"Accept", "application/json"}};
  if (!token_.basic.empty()) request.headers.emplace_back("Authorization", "Basic " + base64(token_.basic));
  request.timeouts.total = 30s;
  request.reply_bytes_max = 1 << 20;
  if (token_.in_query) {
    request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + encoded(fields);
  } else {
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = encoded(fields);
  }
  return request;
}

Task<Result<FetchedToken>> TokenRequest::fetch(std::string refresh_token) {
  for (int attempt = 1;; ++attempt) {
    auto request = this->request(refresh_token);
    if (!request.ok()) co_return request.error();
    HttpOutcome outcome = co_await client_.send(*std::move(request));
    if (outcome.replied() && !may_pass(outcome.reply().status)) {
      const HttpReply& reply = outcome.reply();
      auto fetched = read(reply);
      if (fetched.ok()) co_return fetched;
      if (learns_the_time(reply) && attempt < kAttempts) continue;
      Error error = std::move(fetched).error();
      error.message = shown(std::move(error.message), refresh_token);
      co_return error;
    }
    if (!outcome.replied() && outcome.failure().error.kind != ErrorKind::transient)
      co_return Error(outcome.failure().error).in(fmt::format("{}'s token cannot be fetched", login_.title));
    if (attempt == kAttempts) {
      const std::string why = outcome.replied() ? fmt::format("status {}", outcome.reply().status)
                                                : outcome.failure().error.message;
      co_return Error{ErrorKind::transient,
                      fmt::format("{}'s token cannot be fetched: {}", login_.title, why),
                      "run the same command again later: what was delivered is recorded"};
    }
    co_await loop_.sleep_for(pause_after(attempt, outcome));
  }
}

Result<FetchedToken> TokenRequest::read(const HttpReply& reply) const {
  if (reply.status < 200 || reply.status > 299) return refused(reply);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(reply.body).get(root) != simdjson::SUCCESS) return refused(reply);
  FetchedToken fetched;
  fetched.token = connector::text_at(root, token_.token_path);
  if (fetched.token.empty()) return refused(reply);
  fetched.refresh_token = connector::text_at(root, "refresh_token");
  if (!token_.base_path.empty()) {
    fetched.base = connector::text_at(root, token_.base_path);
    while (fetched.base.ends_with('/')) fetched.base.pop_back();
    // A token is never sent over a line that is less safe than the one declared.
    if (!fetched.base.starts_with(login_.base.starts_with("http://") ? "http" : "https://"))
      return Error{ErrorKind::auth,
                   fmt::format("{}'s token came without the address ('{}') that it is for", login_.title,
                               token_.base_path),
                   ""};
  }
  const std::string seconds = connector::text_at(root, token_.expires_path);
  int64_t number = 0;
  if (std::from_chars(seconds.data(), seconds.data() + seconds.size(), number).ec == std::errc())
    fetched.lifetime = std::chrono::seconds(std::clamp<int64_t>(number, 1, 10'000'000));
  else
    fetched.lifetime = token_.lifetime;
  return fetched;
}

Error TokenRequest::refused(const HttpReply& reply) const {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string code, text;
  if (parser.parse(reply.body).get(root) == simdjson::SUCCESS) {
    code = first_text(root, {"error", "error.code", "code", "category", "status"});
    text = first_text(root, {"error_description", "error.message", "message", "errors.0.message"});
  }
  std::string says = code + (code.empty() || text.empty() ? "" : ": ") + text;
  if (says.empty()) says = fmt::format("its reply has no '{}'", token_.token_path);
  return {ErrorKind::auth, fmt::format("{} gives no token: {} (status {})", login_.title, says, reply.status),
          remedy_for(token_)};
}

std::string TokenRequest::shown(std::string text, const std::string& refresh_token) const {
  std::vector<std::string> secrets = login_.secrets;
  secrets.push_back(refresh_token);
  return connector::without_secrets(std::move(text), secrets);
}

// A statement that is refused may have been made by a clock that is wrong; then it is made anew with the
// vendor's time, once.
bool TokenRequest::learns_the_time(const HttpReply& reply) {
  const auto theirs = date_of(reply);
  if (!token_.assertion || !theirs) return false;
  const Duration skew = *theirs - loop_.clock().now();
  if (std::chrono::abs(skew - skew_) < kTokenSkewMin) return false;
  skew_ = skew;
  return true;
}

}  // namespace penstock
