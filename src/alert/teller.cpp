#include "alert/teller.h"

#include <fmt/format.h>

#include "alert/receivers.h"
#include "declare/utf8.h"
#include "deliver/retry.h"

namespace penstock::alert {
namespace {

using declare::Reference;
using declare::Settings;

constexpr RetryPolicy kPolicy{.attempts = 4, .first = 1s, .longest = 20s};
// A receiver that asks for more is asked again by whoever keeps what is open.
constexpr Duration kWaitMax = 45s;
constexpr Timeouts kTimeouts{.connect = 10s, .first_byte = 15s, .total = 30s};
constexpr size_t kAnswerMax = 200;

std::string without(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets)
    for (size_t at = 0; secret.size() >= 4 && (at = text.find(secret, at)) != text.npos; at += 3)
      text.replace(at, secret.size(), "***");
  return text;
}

// One form of a receiver, ready to be asked: requests one after another, or a mail.
struct Prepared {
  std::vector<HttpRequest> requests;
  std::optional<MailServer> server;
  Mail mail;
  std::vector<std::string> secrets;
};

// The settings of an alert with their references looked up.
class Resolved {
 public:
  Resolved(const config::Alert& alert, const declare::Resolver& resolver)
      : settings_(alert.settings), resolver_(resolver) {}

  std::string reference(const char* name) {
    const auto* reference = settings_.find<Reference>(name);
    if (reference == nullptr) return "";
    auto text = declare::resolve(*reference, resolver_);
    if (text.ok()) return *std::move(text);
    if (!error_) error_ = text.error();
    return "";
  }
  std::string secret(const char* name) {
    std::string text = reference(name);
    if (!text.empty()) secrets_.push_back(text);
    // What an address keeps secret stands behind the host, often at its end.
    const size_t path = text.starts_with("http") ? text.find('/', text.find("//") + 2) : text.npos;
    if (path != text.npos) {
      secrets_.push_back(text.substr(path));
      if (const std::string last = text.substr(text.rfind('/') + 1); last.size() >= 8)
        secrets_.push_back(last);
    }
    return text;
  }
  Headers headers(const char* name) {
    Headers headers;
    const auto* given = settings_.find<std::vector<declare::Named<Reference>>>(name);
    if (given == nullptr) return headers;
    for (const auto& [header, place, reference] : *given) {
      auto text = declare::resolve(reference, resolver_);
      if (!text.ok()) {
        if (!error_) error_ = text.error();
        continue;
      }
      secrets_.push_back(*text);
      headers.emplace_back(header, *std::move(text));
    }
    return headers;
  }
  const Settings& settings() const { return settings_; }
  const std::optional<Error>& error() const { return error_; }
  std::vector<std::string> secrets() && { return std::move(secrets_); }

 private:
  const Settings& settings_;
  const declare::Resolver& resolver_;
  std::optional<Error> error_;
  std::vector<std::string> secrets_;
};

MailServer mail_server(Resolved& of) {
  MailServer server;
  server.host = of.reference("host");
  server.port = static_cast<int>(of.settings().get<int64_t>("port"));
  const std::string& tls = of.settings().get<std::string>("tls");
  server.tls = tls == "implicit" ? MailTls::implicit : tls == "none" ? MailTls::none : MailTls::starttls;
  server.user = of.reference("user");
  server.password = declare::Secret(of.secret("password"));
  return server;
}

Result<Prepared> prepare(const config::Alert& alert, const declare::Resolver& resolver, const Letter& letter,
                         const Origin& origin) {
  Prepared prepared;
  Resolved of(alert, resolver);
  const std::string& type = *alert.type;
  if (type == "slack") {
    prepared.requests.push_back(slack_request(of.secret("webhook_url"), letter));
  } else if (type == "pagerduty") {
    const std::string key = of.secret("routing_key");
    prepared.requests = pagerduty_requests(of.reference("url"), key, letter, origin);
  } else if (type == "webhook") {
    Headers headers = of.headers("headers");
    const std::string secret = of.secret("signing_secret");
    prepared.requests.push_back(
        webhook_request(of.secret("url"), std::move(headers), secret, letter, origin));
  } else {
    prepared.server = mail_server(of);
    prepared.mail = mail_of(of.settings().get<std::string>("from"),
                            of.settings().get<std::vector<std::string>>("to"), letter, origin);
  }
  if (of.error()) return *of.error();
  prepared.secrets = std::move(of).secrets();
  for (HttpRequest& request : prepared.requests) {
    request.timeouts = kTimeouts;
    request.reply_bytes_max = 1 << 20;
  }
  return prepared;
}

// What a status means for an alert, whoever sent it.
Receipt receipt_of(const HttpReply& reply, const std::string& host, Time now) {
  Receipt receipt;
  const std::string body = declare::shorten(reply.body, kAnswerMax);
  receipt.answer = fmt::format("{} says: {}{}{}", host, reply.status, body.empty() ? "" : " ", body);
  if (reply.status >= 200 && reply.status < 300) return receipt;
  receipt.arrival = Arrival::not_arrived;
  receipt.may_pass = reply.status == 408 || reply.status == 425 || reply.status == 429 || reply.status >= 500;
  if (const std::string* after = reply.header("Retry-After"); after != nullptr && receipt.may_pass)
    receipt.wait = parse_retry_after(*after, now);
  if (reply.status == 401 || reply.status == 403 || reply.status == 404 || reply.status == 410)
    receipt.remedy =
        "the address or key is not known there (any more): make a new one, and write it in the alert's file";
  else if (!receipt.may_pass)
    receipt.remedy = "look at the alert's settings";
  return receipt;
}

Receipt receipt_of(const TransportFailure& failure) {
  return {.arrival = failure.may_have_arrived ? Arrival::unknown : Arrival::not_arrived,
          .answer = failure.error.message,
          .remedy = failure.error.remedy,
          .may_pass = failure.error.kind == ErrorKind::transient};
}

Receipt receipt_of(const MailOutcome& outcome) {
  if (!outcome.error) return {.answer = outcome.answer, .remedy = {}};
  return {.arrival = outcome.may_have_arrived ? Arrival::unknown : Arrival::not_arrived,
          .answer = outcome.error->message,
          .remedy = outcome.error->remedy,
          .may_pass = outcome.error->kind == ErrorKind::transient};
}

Task<Receipt> ask_once(TellerParts parts, const Prepared& prepared, size_t& next) {
  if (prepared.server) {
    const MailOutcome outcome = co_await parts.mail.send(*prepared.server, prepared.mail);
    co_return receipt_of(outcome);
  }
  Receipt receipt;
  while (next < prepared.requests.size()) {
    const HttpRequest& request = prepared.requests[next];
    const std::string host(host_of(request.url));
    const HttpOutcome outcome = co_await parts.client.send(request);
    receipt = outcome.replied() ? receipt_of(outcome.reply(), host, parts.loop.clock().now())
                                : receipt_of(outcome.failure());
    if (receipt.arrival != Arrival::arrived) break;
    ++next;
  }
  co_return receipt;
}

}  // namespace

Task<Receipt> tell(TellerParts parts, config::Alert alert, Letter letter, Origin origin) {
  // A store of secrets may take its time.
  auto prepared = co_await parts.loop.offload([&] { return prepare(alert, parts.resolver, letter, origin); });
  if (!prepared.ok())
    co_return Receipt{.arrival = Arrival::not_arrived,
                      .answer = prepared.error().message,
                      .remedy = prepared.error().remedy};
  size_t next = 0;       // requests before it have arrived
  bool unknown = false;  // an earlier attempt may have
  for (uint32_t attempt = 1;; ++attempt) {
    Receipt receipt = co_await ask_once(parts, *prepared, next);
    receipt.answer = without(std::move(receipt.answer), prepared->secrets);
    unknown = unknown || receipt.arrival == Arrival::unknown || next > 0;
    if (receipt.arrival == Arrival::not_arrived && unknown) receipt.arrival = Arrival::unknown;
    if (receipt.arrival == Arrival::arrived || !receipt.may_pass || attempt == kPolicy.attempts)
      co_return receipt;
    const Duration pause = backoff(kPolicy, attempt, receipt.wait, parts.random);
    if (pause > kWaitMax) co_return receipt;
    co_await parts.loop.sleep_for(pause);
  }
}

}  // namespace penstock::alert
