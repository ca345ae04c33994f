// A vendor in virtual time: gives tokens out, takes requests that carry one that holds, and can be told to
// fail.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "async/sim_loop.h"
#include "net/http.h"

namespace penstock {

class FakeVendor final : public HttpClient {
 public:
  explicit FakeVendor(SimLoop& loop) : loop_(loop) {}

  Task<HttpOutcome> send(HttpRequest request) override {
    const bool asks_for_token = request.url.find("/token") != std::string::npos;
    (asks_for_token ? token_requests : requests).push_back(request);
    const Instant started = loop_.now();
    co_await loop_.sleep_for(asks_for_token ? token_latency : latency);
    if (asks_for_token) co_return finished(answer_token(), started);
    const std::string* login = find_header(request.headers, "Authorization");
    const bool in = login != nullptr && login->starts_with("Bearer ") && holds(login->substr(7));
    HttpReply reply;
    reply.status = in ? 200 : 401;
    co_return finished(std::move(reply), started);
  }

  // Makes the tokens given out so far worth nothing.
  void revoke_all() { valid_until_.clear(); }
  Time now() const { return loop_.clock().now() + skew; }

  std::vector<HttpRequest> token_requests, requests;
  Duration latency = 50ms, token_latency = 200ms;
  int64_t lifetime = 600;  // seconds that a token holds and is said to hold
  bool tells_lifetime = true;
  bool tokens_hold = true;
  Duration skew{};                       // the vendor's clock is ahead by so much
  std::string more;                      // further members of the token reply
  std::vector<HttpOutcome> next_tokens;  // instead of tokens, the first first

 private:
  HttpOutcome answer_token() {
    if (!next_tokens.empty()) {
      HttpOutcome outcome = next_tokens.front();
      next_tokens.erase(next_tokens.begin());
      return outcome;
    }
    const std::string token = "token-" + std::to_string(++given_);
    if (tokens_hold) valid_until_[token] = loop_.now() + std::chrono::seconds(lifetime);
    HttpReply reply;
    reply.status = 200;
    reply.body = "{\"access_token\":\"" + token + "\"";
    if (tells_lifetime) reply.body += ",\"expires_in\":" + std::to_string(lifetime);
    reply.body += more + "}";
    return reply;
  }

  bool holds(const std::string& token) const {
    const auto found = valid_until_.find(token);
    return found != valid_until_.end() && loop_.now() < found->second;
  }

  HttpOutcome finished(HttpOutcome outcome, Instant started) const {
    if (!outcome.replied()) return outcome;
    outcome.reply().started = started;
    outcome.reply().finished = loop_.now();
    const std::time_t at = std::chrono::duration_cast<std::chrono::seconds>(now().time_since_epoch()).count();
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    outcome.reply().headers.emplace_back("Date", text);
    return outcome;
  }

  SimLoop& loop_;
  std::map<std::string, Instant> valid_until_;
  int given_ = 0;
};

inline HttpOutcome reply_of(int status, std::string body, Headers headers = {}) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  reply.headers = std::move(headers);
  return reply;
}

inline HttpOutcome no_reply() {
  return TransportFailure{.error = {ErrorKind::transient, "127.0.0.1:1 refuses the connection", ""}};
}

}  // namespace penstock
