#include "net/transport_failure.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "net/address_guard.h"

namespace penstock {
namespace {

constexpr const char* kUnreachable =
    "check the address, and that the server is running and may be reached from here";
constexpr const char* kProxy = "check https_proxy, http_proxy and no_proxy in the environment";
constexpr const char* kLater = "if it stays so, ask those who run the server";

std::string show(Duration duration) {
  const int64_t micros = duration.count();
  return micros % 1'000'000 == 0 ? fmt::format("{} s", micros / 1'000'000)
                                 : fmt::format("{} ms", micros / 1000);
}

// "Connection refused." -> "connection refused"; a name ("OpenSSL/3.0: ...") stays.
std::string as_clause(std::string_view sentence) {
  std::string clause(sentence);
  while (!clause.empty() && (clause.back() == '.' || clause.back() == '\n')) clause.pop_back();
  const std::string_view rest =
      std::string_view(clause).substr(0, clause.find(' ')).substr(clause.empty() ? 0 : 1);
  if (!rest.empty() && std::ranges::all_of(rest, [](unsigned char c) { return std::islower(c); })) {
    clause[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(clause[0])));
  }
  return clause;
}

std::string curl_says(const TransferFacts& facts) {
  if (!facts.curl_text.empty()) return as_clause(facts.curl_text);
  return as_clause(curl_easy_strerror(static_cast<CURLcode>(facts.curl_code)));
}

// libcurl keeps the number of an earlier failure; only when it could not connect is it of this one.
std::string why_not_connected(const TransferFacts& facts) {
  return facts.system_error != 0 ? as_clause(std::strerror(facts.system_error)) : curl_says(facts);
}

Error transient(std::string message, const char* remedy) {
  return {ErrorKind::transient, std::move(message), remedy};
}

// Whom libcurl tried to reach: "Failed to connect to NAME port ...". Empty if it says something else.
std::string_view tried_host(std::string_view curl_text) {
  constexpr std::string_view kBegin = "Failed to connect to ";
  if (!curl_text.starts_with(kBegin)) return {};
  curl_text.remove_prefix(kBegin.size());
  return curl_text.substr(0, curl_text.find(' '));
}

Error cannot_connect(const TransferFacts& facts) {
  const std::string why = why_not_connected(facts);
  const std::string_view tried = tried_host(facts.curl_text);
  if (facts.host.find(tried) == facts.host.npos) {
    return transient(
        fmt::format("cannot reach {}: cannot connect to the proxy {}: {}", facts.host, tried, why), kProxy);
  }
  return transient(fmt::format("cannot connect to {}: {}", facts.host, why), kUnreachable);
}

Error timed_out(const TransferFacts& facts) {
  if (facts.request_begun) {
    return transient(
        fmt::format("{} did not finish its reply within {}", facts.host, show(facts.timeouts.total)),
        "raise the total time-out, or send less at once");
  }
  const bool all_time_gone = facts.timeouts.total <= facts.timeouts.connect;
  const std::string limit = show(all_time_gone ? facts.timeouts.total : facts.timeouts.connect);
  if (!facts.name_resolved) {
    return transient(fmt::format("the name {} was not resolved within {}", facts.host, limit),
                     "check the name servers of this machine");
  }
  return transient(fmt::format("cannot connect to {} within {}", facts.host, limit), kUnreachable);
}

Error lost(const TransferFacts& facts) {
  if (facts.status == 0) {
    return transient(
        fmt::format("{} closed the connection without a reply: {}", facts.host, curl_says(facts)), kLater);
  }
  return transient(
      fmt::format("the connection to {} broke in the middle of a reply (status {}, {} bytes of its body): {}",
                  facts.host, facts.status, facts.bytes_received, curl_says(facts)),
      kLater);
}

Error of_broken_off(const TransferFacts& facts) {
  switch (facts.broken_off) {
    case BrokenOff::first_byte:
      return transient(
          fmt::format("{} did not begin to reply within {}", facts.host, show(facts.timeouts.first_byte)),
          "raise the first-byte time-out, or send less at once");
    case BrokenOff::reply_too_large:
      return {ErrorKind::rejected,
              fmt::format("the reply of {} is larger than {} bytes", facts.host, facts.reply_bytes_max),
              "ask for less at once, or raise the limit on replies"};
    case BrokenOff::headers_too_large:
      return {ErrorKind::rejected, fmt::format("the headers of the reply of {} are too large", facts.host),
              ""};
    case BrokenOff::address:
      return refused_address(facts.host, facts.refused_address);
    case BrokenOff::too_late:
      return transient(fmt::format("the connection to {} was not there in time", facts.host), kLater);
    case BrokenOff::resend:
    case BrokenOff::no:
      break;
  }
  return transient(fmt::format("{} closed the connection without a reply", facts.host), kLater);
}

Error of_curl_code(const TransferFacts& facts) {
  switch (facts.curl_code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return {ErrorKind::config,
              fmt::format("the URL of a request to {} cannot be read: {}", facts.host, curl_says(facts)),
              "write it as https://HOST/PATH, with special characters percent-encoded"};
    case CURLE_COULDNT_RESOLVE_HOST:
      return transient(fmt::format("cannot find {}: the name does not resolve", facts.host),
                       "check the spelling of the address, and the name servers of this machine");
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return transient(
          fmt::format("cannot reach {} through the proxy: {}", facts.host, as_clause(facts.curl_text)),
          kProxy);
    case CURLE_COULDNT_CONNECT:
      return cannot_connect(facts);
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(facts);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorKind::config,
              fmt::format("the certificate of {} is not trusted: {}", facts.host, as_clause(facts.curl_text)),
              "if it is signed by an authority of your own, name its certificate as the CA file"};
    case CURLE_SSL_CONNECT_ERROR:
      return transient(
          fmt::format("cannot agree with {} on an encrypted connection: {}", facts.host, curl_says(facts)),
          "check that the address speaks TLS (https), and its port");
    case CURLE_UNSUPPORTED_PROTOCOL:  // what libcurl calls an answer without a status line (HTTP/0.9)
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return transient(fmt::format("{} gave a reply that cannot be read: {}", facts.host, curl_says(facts)),
                       "check that the address is that of an HTTP server");
    case CURLE_TOO_MANY_REDIRECTS:
      return {ErrorKind::rejected, fmt::format("{} redirects in circles", facts.host), "check the address"};
    default:
      break;
  }
  if (facts.request_begun) return lost(facts);
  return transient(fmt::format("cannot reach {}: {}", facts.host, curl_says(facts)), kUnreachable);
}

// libcurl counts plain bytes when the system took them; over TLS records may be on the wire uncounted.
bool may_have_arrived(const TransferFacts& facts) {
  return facts.request_begun && (facts.encrypted || facts.bytes_sent > 0);
}

}  // namespace

TransportFailure describe_failure(const TransferFacts& facts) {
  TransportFailure failure;
  failure.error = facts.broken_off == BrokenOff::no ? of_curl_code(facts) : of_broken_off(facts);
  failure.may_have_arrived = may_have_arrived(facts);
  return failure;
}

}  // namespace penstock
