// Mail by SMTP over libcurl, one mail a connection: alerts are few.
#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "alert/mail.h"
#include "declare/utf8.h"
#include "net/address_guard.h"
#include "net/curl_guard.h"
#include "net/http.h"

namespace penstock::alert {
namespace {

constexpr long kConnectSeconds = 15, kTotalSeconds = 60;

// What is uploaded, and what the server says meanwhile.
struct MailExchange {
  std::string text;
  size_t sent = 0;
  std::string last;     // the last line that the server said
  std::string refused;  // the first that refused something

  static size_t read(char* into, size_t size, size_t count, void* self) {
    auto& exchange = *static_cast<MailExchange*>(self);
    const size_t bytes = std::min(size * count, exchange.text.size() - exchange.sent);
    std::copy_n(exchange.text.data() + exchange.sent, bytes, into);
    exchange.sent += bytes;
    return bytes;
  }
  static size_t hear(char* line, size_t size, size_t count, void* self) {
    auto& exchange = *static_cast<MailExchange*>(self);
    std::string said(line, size * count);
    while (!said.empty() && (said.back() == '\n' || said.back() == '\r')) said.pop_back();
    if (said.starts_with("221")) return size * count;  // good-bye
    exchange.last = declare::shorten(said, 200);
    if (exchange.refused.empty() && (said.starts_with('4') || said.starts_with('5')))
      exchange.refused = exchange.last;
    return size * count;
  }
};

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Recipients = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

bool is_host(const std::string& host) {
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

std::string smtp_url(const MailServer& server) {
  const bool is_ipv6 = server.host.find(':') != server.host.npos;
  return fmt::format("{}://{}{}{}:{}", server.tls == MailTls::implicit ? "smtps" : "smtp", is_ipv6 ? "[" : "",
                     server.host, is_ipv6 ? "]" : "", server.port);
}

std::optional<Error> unfit(const MailServer& server) {
  if (!is_host(server.host))
    return Error{ErrorKind::config, "the mail server's host is no host name",
                 "give `host` a name such as smtp.example.com, and `port` the port"};
  if (server.tls == MailTls::none && !server.user.empty() && !is_loopback(server.host))
    return Error{ErrorKind::config, fmt::format("{} would be sent a password in clear", server.host),
                 "write `tls: starttls` or `tls: implicit`, or leave out user and password"};
  return std::nullopt;
}

Error told_by_server(const MailServer& server, const std::string& said) {
  // The first digit decides: 4 passes, 5 stays (RFC 5321, section 4.2.1).
  const bool passes = said.starts_with('4');
  return {
      passes ? ErrorKind::transient : ErrorKind::rejected, fmt::format("{} says: {}", server.host, said),
      passes
          ? ""
          : "look at the addresses under `from` and `to`, and at what the mail server lets this login send"};
}

Error no_answer(const MailServer& server, CURLcode code, const char* text) {
  const std::string where = fmt::format("{}:{}", server.host, server.port);
  const std::string said = *text != 0 ? text : curl_easy_strerror(code);
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorKind::config, fmt::format("the certificate of {} is not trusted: {}", where, said),
              "name your authority's certificate in PENSTOCK_CA_FILE, and write the host as the certificate "
              "does"};
    case CURLE_USE_SSL_FAILED:
      return {ErrorKind::config, fmt::format("{} offers no encryption by STARTTLS", where),
              "write `tls: implicit` (often port 465), or `tls: none` for a server on this machine"};
    case CURLE_SSL_CONNECT_ERROR:
      return {ErrorKind::transient, fmt::format("no encrypted connection to {}: {}", where, said),
              "write `tls: starttls` if the server begins in clear (often port 587)"};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorKind::transient, fmt::format("the host name {} is not known", server.host),
              "look at `host`"};
    case CURLE_COULDNT_CONNECT:
      return {ErrorKind::transient, fmt::format("{} cannot be reached: {}", where, said),
              "look at `host` and `port`"};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::transient, fmt::format("{} does not answer in time", where), ""};
    default:
      return {ErrorKind::transient, fmt::format("{}: {}", where, said), ""};
  }
}

MailOutcome failure_of(const MailServer& server, const MailExchange& exchange, CURLcode code,
                       const char* text) {
  MailOutcome outcome;
  if (code == CURLE_LOGIN_DENIED) {
    outcome.error = Error{ErrorKind::auth,
                          fmt::format("{} refuses the login: {}", server.host,
                                      exchange.refused.empty() ? curl_easy_strerror(code) : exchange.refused),
                          "look at `user` and `password`; many servers want a password made for programs"};
    return outcome;
  }
  if (!exchange.refused.empty())
    outcome.error = told_by_server(server, exchange.refused);
  else
    outcome.error = no_answer(server, code, text);
  // The server's word after the mail's last byte is what counts; without it nobody knows.
  outcome.may_have_arrived = exchange.refused.empty() && exchange.sent == exchange.text.size();
  return outcome;
}

void set_encryption(CURL* curl, const MailServer& server, const std::string& ca_file) {
  const curl_usessl level = server.tls == MailTls::none ? CURLUSESSL_NONE : CURLUSESSL_ALL;
  curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(level));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
  if (server.user.empty()) return;
  curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.reveal().c_str());
}

void set_exchange(CURL* curl, MailExchange& exchange) {
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &MailExchange::read);
  curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &MailExchange::hear);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
}

MailOutcome send_mail(const MailServer& server, Mail mail, const std::string& ca_file) {
  if (auto error = unfit(server)) return {.error = std::move(error)};
  Handle curl(curl_easy_init(), &curl_easy_cleanup);
  Recipients recipients(nullptr, &curl_slist_free_all);
  for (const std::string& each : mail.to)
    recipients.reset(curl_slist_append(recipients.release(), fmt::format("<{}>", each).c_str()));
  if (!curl || !recipients) return {.error = Error{ErrorKind::internal, "no memory for a mail", ""}};
  MailExchange exchange{.text = std::move(mail.text), .last = {}, .refused = {}};
  char text[CURL_ERROR_SIZE] = "";
  const std::string url = smtp_url(server), from = fmt::format("<{}>", mail.from);
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, recipients.get());
  // One address that is refused does not keep the others from hearing of it.
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kTotalSeconds);
  CurlGuard guard;
  guard.guard(curl.get(), policy_for(server.host, static_cast<uint16_t>(server.port)));
  set_encryption(curl.get(), server, ca_file);
  set_exchange(curl.get(), exchange);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_COULDNT_CONNECT && !guard.refused().empty())
    return {.error = refused_address(server.host, guard.refused())};
  if (code != CURLE_OK) return failure_of(server, exchange, code, text);
  // Of the lines that refused something only those of the mail system count here: RCPT's.
  const bool all_take_it = exchange.refused.size() < 2 || exchange.refused[1] != '5';
  return {.answer =
              all_take_it ? exchange.last : fmt::format("{} (but: {})", exchange.last, exchange.refused)};
}

class CurlMailSender final : public MailSender {
 public:
  CurlMailSender(Loop& loop, std::string ca_file) : loop_(loop), ca_file_(std::move(ca_file)) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
  }
  Task<MailOutcome> send(MailServer server, Mail mail) override {
    co_return co_await loop_.offload_owning(
        [server = std::move(server), mail = std::move(mail), ca_file = ca_file_] {
          return send_mail(server, mail, ca_file);
        });
  }

 private:
  Loop& loop_;
  const std::string ca_file_;
};

}  // namespace

std::unique_ptr<MailSender> curl_mail_sender(Loop& loop, std::string ca_file) {
  return std::make_unique<CurlMailSender>(loop, std::move(ca_file));
}

}  // namespace penstock::alert
