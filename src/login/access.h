// What lets requests in: adds the login's headers, fetches and renews tokens, signs. The face of this folder.
//
//     auto admitted = co_await access.admit(request);      // with a token that holds
//     ... send admitted->request; the reply says that the login is not valid ...
//     if (access.renew(admitted->pass, refusals_before, reply)) ... admit and send again
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/sync.h"
#include "login/refresh_tokens.h"
#include "login/token_request.h"

namespace penstock {

// What a request was admitted with.
struct Pass {
  uint64_t token = 0;    // its number
  bool is_fresh = true;  // it was fetched while this request waited, so that it cannot have ended since
};

// A request that may be sent.
struct Admitted {
  HttpRequest request;
  std::string url;  // of the request, without what must not be seen: for records
  Pass pass{};
};

// The way into one destination, shared by all its requests. Only one of them renews a token at a time, while
// the others go on with the old one as long as it holds, or wait. Loop thread only; outlives its tasks.
class Access {
 public:
  // Errors of everything: auth (the login is refused), config, disk, transient (the token could not be had
  // now).
  Access(Loop& loop, HttpClient& client, connector::Login login, RefreshTokens kept);
  // The token request borrows from the login.
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  const connector::Login& login() const { return login_; }
  // Settings that the login needs and that have no value.
  Result<void> check_settings() const;

  Task<Result<Admitted>> admit(HttpRequest request);
  // Whether a request that was refused can be admitted anew, so that it must be kept.
  bool can_renew() const { return !std::holds_alternative<std::monostate>(login_.act); }
  // The destination says that the login of a request with this pass is not valid, which was refused so often
  // before. True: admitted anew it may be. `server_time`: of the Date header of that reply.
  bool renew(Pass pass, uint32_t refusals_before, std::optional<Time> server_time);

  // The text with every secret replaced, and every token that was fetched.
  std::string without_secrets(std::string text) const;

 private:
  struct Token {
    FetchedToken fetched;
    uint64_t number = 0;
    Instant taken_at{}, renew_at = Instant::max(), ends_at = Instant::max();
  };

  bool holds() const { return token_ && loop_.now() < token_->ends_at; }
  Task<Result<void>> have_token();
  Task<Result<void>> replace_token(uint64_t number);
  Task<Result<void>> fetch_token();
  Task<Result<void>> exchange_refresh_token(std::string given);
  void take(FetchedToken fetched, Instant asked_at);
  void remember(const std::string& secret);
  void move_to_base(HttpRequest& request) const;
  Result<void> sign(HttpRequest& request);

  Loop& loop_;
  connector::Login login_;
  RefreshTokens kept_;
  std::string salt_;  // of ids in signatures: of this object alone
  std::optional<TokenRequest> tokens_;
  std::optional<Token> token_;
  Semaphore turn_;  // to fetch a token
  uint64_t fetches_ = 0;
  Instant not_before_{};         // after a renewal that failed while the old token still holds
  std::optional<Error> failed_;  // what came of the last fetch
  std::vector<std::string> fetched_secrets_;
  Duration skew_{};  // what the destination's clock is ahead of ours, for signatures
};

}  // namespace penstock
