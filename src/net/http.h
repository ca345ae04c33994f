// HTTP as data, and the seam through which every request to a destination goes. CurlClient (curl_client.h) is
// the real one; simulators and tests put their own in its place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "base/time.h"

namespace penstock {

// Name and value, in order; a name may occur more than once.
using Headers = std::vector<std::pair<std::string, std::string>>;

// The value of the first header of this name, whatever its case; null if there is none. Points into
// `headers`.
const std::string* find_header(const Headers& headers, std::string_view name);

// Each is a limit of its own; the request fails with what it was waiting for.
struct Timeouts {
  Duration connect = 10s;     // name look-up, connection and TLS handshake together
  Duration first_byte = 60s;  // without progress of our body, until the reply begins
  Duration total = 300s;      // from send() to the reply's last byte
};

enum class BodyEncoding { plain, gzip };

struct HttpRequest {
  std::string method = "GET";
  std::string url{};  // http:// or https://, percent-encoded
  Headers headers{};  // Content-Length, Host and Accept-Encoding come by themselves
  std::string body{};
  std::string_view operation{};  // the connector's word for it, for who stands in for a destination; not sent
  // gzip: the body is given plain, and compressed on its way, with `Content-Encoding: gzip`.
  BodyEncoding body_encoding = BodyEncoding::plain;
  Timeouts timeouts{};
  // Of the decoded body; a larger reply is a failure, never cut off.
  size_t reply_bytes_max = 64 << 20;
  // GET and HEAD only. Authorization and Cookie stay with the first host, other headers go along.
  int redirects_max = 0;
};

struct HttpReply {
  int status = 0;
  Headers headers{};
  std::string body{};  // decoded (gzip, deflate, br)
  Instant started{};
  Instant finished{};

  Duration latency() const { return finished - started; }
  const std::string* header(std::string_view name) const { return find_header(headers, name); }
};

// No whole reply came.
struct TransportFailure {
  // Of kind transient, except: config (a URL or a header that cannot be sent, a certificate that is not
  // trusted) and rejected (the reply is larger than allowed).
  Error error{};
  // False only if it is certain that no byte of the request was sent: the name did not resolve, the
  // connection was refused or not made in time, the TLS handshake or the proxy failed. Everything else is in
  // doubt.
  bool may_have_arrived = true;
  Instant started{};
  Instant finished{};
};

// A reply (of whatever status), or a failure.
class HttpOutcome {
 public:
  HttpOutcome(HttpReply reply) : outcome_(std::move(reply)) {}
  HttpOutcome(TransportFailure failure) : outcome_(std::move(failure)) {}

  bool replied() const { return std::holds_alternative<HttpReply>(outcome_); }
  HttpReply& reply() & { return std::get<HttpReply>(outcome_); }
  const HttpReply& reply() const& { return std::get<HttpReply>(outcome_); }
  HttpReply reply() && { return std::get<HttpReply>(std::move(outcome_)); }
  const TransportFailure& failure() const { return std::get<TransportFailure>(outcome_); }

 private:
  std::variant<HttpReply, TransportFailure> outcome_;
};

// Loop thread only. A task that waits in send() may be destroyed: the transfer is broken off. The client may
// go before such a task.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Task<HttpOutcome> send(HttpRequest request) = 0;
};

// Of "127.0.0.1:7070", "[::1]:7070" and "localhost": the host alone, an IPv6 address in its brackets.
std::string_view without_port(std::string_view authority);
// Whether this name or address can lead nowhere but to this machine. A name that only looks like an address
// (127.example.com) may lead anywhere.
bool is_loopback(std::string_view host);

// "127.0.0.1:8080", "api.example.com", for messages: no scheme, no credentials, no path, no query.
std::string_view host_of(std::string_view url);

// "a%2Fb" -> "a/b". '+' stays. A broken escape stays as it is.
std::string percent_decode(std::string_view text);
// All but letters, digits and "-._~" as %XX.
std::string percent_encode(std::string_view text);

}  // namespace penstock
