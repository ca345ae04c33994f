// Asks a vendor for an access token.
#pragma once

#include <optional>
#include <string>

#include "async/loop.h"
#include "connector/login.h"
#include "net/http.h"

namespace penstock {

struct FetchedToken {
  std::string token;
  std::string base;           // address that replaces the connector's base; empty: none
  std::string refresh_token;  // empty: the reply brought none
  std::optional<Duration> lifetime;
};

// Fetches tokens of one login. What is sent and received is never recorded. Loop thread only.
class TokenRequest {
 public:
  // Everything must outlive this.
  TokenRequest(Loop& loop, HttpClient& client, const connector::Login& login);

  // `refresh_token` when the grant is one. What may pass is repeated a few times. Errors: auth (the vendor
  // refuses), config (the key, the address), transient (nobody answers). They hold no secret.
  Task<Result<FetchedToken>> fetch(std::string refresh_token);

 private:
  Result<HttpRequest> request(const std::string& refresh_token);
  Result<FetchedToken> read(const HttpReply& reply) const;
  Error refused(const HttpReply& reply) const;
  std::string shown(std::string text, const std::string& refresh_token) const;
  bool learns_the_time(const HttpReply& reply);

  Loop& loop_;
  HttpClient& client_;
  const connector::Login& login_;
  const connector::TokenLogin& token_;
  Duration skew_{};  // what the vendor's clock is ahead of ours
};

// Of a reply's Date header (RFC 9110).
std::optional<Time> date_of(const HttpReply& reply);

}  // namespace penstock
