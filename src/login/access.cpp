#include "login/access.h"

#include <fmt/format.h>

#include <algorithm>

#include "log/log.h"
#include "login/sign.h"
#include "net/sigv4.h"

namespace penstock {
namespace {

// Tokens of so many renewals are taken out of what is kept.
constexpr size_t kSecretsMax = 32;
// A token is renewed so long before it ends: time enough for a request that is on its way.
constexpr Duration kMarginMax = 60s;
constexpr Duration kPauseAfterFailure = 10s;
// Tokens that end without saying so, one after the other, until a request counts as refused all the same.
constexpr uint32_t kRefusalsMax = 4;
// A signature is refused for its time only when clocks differ by more.
constexpr Duration kSkewMin = 30s;

class Turn {
 public:
  explicit Turn(Semaphore& semaphore) : semaphore_(semaphore) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { semaphore_.release(); }

 private:
  Semaphore& semaphore_;
};

bool is_final(ErrorKind kind) {
  return kind != ErrorKind::transient;
}

}  // namespace

Access::Access(Loop& loop, HttpClient& client, connector::Login login, RefreshTokens kept)
    : loop_(loop),
      login_(std::move(login)),
      kept_(std::move(kept)),
      salt_(std::to_string(unix_micros(loop.clock().now()))),
      turn_(loop, 1) {
  for (const auto& secret : login_.secrets) log::conceal(secret);
  if (std::holds_alternative<connector::TokenLogin>(login_.act)) tokens_.emplace(loop, client, login_);
}

Result<void> Access::check_settings() const {
  if (login_.missing.empty()) return success();
  std::string names;
  for (const auto& name : login_.missing) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", name);
  return Error{ErrorKind::config, fmt::format("{}'s login needs a value for {}", login_.title, names),
               "give it in the destination's file; `penstock connector show` tells what a destination takes"};
}

Task<Result<Admitted>> Access::admit(HttpRequest request) {
  if (auto checked = check_settings(); !checked.ok()) co_return checked.error();
  Admitted admitted;
  if (tokens_) {
    const Instant asked_at = loop_.now();
    if (auto had = co_await have_token(); !had.ok()) co_return had.error();
    const auto& login = std::get<connector::TokenLogin>(login_.act);
    admitted.pass = {.token = token_->number, .is_fresh = token_->taken_at >= asked_at};
    move_to_base(request);
    request.headers.emplace_back(login.header, login.prefix + token_->fetched.token);
  }
  for (const auto& header : login_.headers) request.headers.push_back(header);
  admitted.url = request.url;
  for (const auto& [name, value] : login_.query)
    request.url += fmt::format("{}{}={}", request.url.find('?') == std::string::npos ? "?" : "&",
                               percent_encode(name), percent_encode(value));
  if (auto signed_ = sign(request); !signed_.ok()) co_return signed_.error();
  admitted.request = std::move(request);
  co_return admitted;
}

// The token is fetched by whoever is admitted next, and not now: the request may have to wait for its turn,
// and the token could end meanwhile. For the same reason a second refusal is the end only of who had a fresh
// one.
bool Access::renew(Pass pass, uint32_t refusals_before, std::optional<Time> server_time) {
  if (refusals_before > 0 && (pass.is_fresh || refusals_before >= kRefusalsMax)) return false;
  if (tokens_) {
    if (token_ && token_->number == pass.token) token_->ends_at = loop_.now();
    return true;
  }
  // A signature holds for some minutes around its time: with the destination's own time it may be taken.
  if (std::holds_alternative<std::monostate>(login_.act) || !server_time) return false;
  const Duration skew = *server_time - loop_.clock().now();
  if (std::chrono::abs(skew - skew_) < kSkewMin) return false;
  skew_ = skew;
  return true;
}

std::string Access::without_secrets(std::string text) const {
  return connector::without_secrets(connector::without_secrets(std::move(text), login_.secrets),
                                    fetched_secrets_);
}

// ---- Tokens

Task<Result<void>> Access::have_token() {
  const Instant now = loop_.now();
  if (holds() && (now < token_->renew_at || now < not_before_ || turn_.available() == 0)) co_return success();
  co_return co_await replace_token(token_ ? token_->number : 0);
}

// A token newer than that of this number.
Task<Result<void>> Access::replace_token(uint64_t number) {
  const uint64_t fetches = fetches_;
  co_await turn_.acquire();
  const Turn turn(turn_);
  if (token_ && token_->number > number) co_return success();
  // Who waited while another failed has its answer, and so has who comes after a refusal.
  if (failed_ && (fetches_ != fetches || is_final(failed_->kind))) {
    if (holds()) co_return success();
    co_return *failed_;
  }
  ++fetches_;
  failed_.reset();
  auto fetched = co_await fetch_token();
  if (fetched.ok()) co_return success();
  failed_ = fetched.error();
  if (!holds()) co_return fetched.error();
  // The old one still does: time to try again.
  not_before_ = loop_.now() + kPauseAfterFailure;
  failed_.reset();
  co_return success();
}

Task<Result<void>> Access::fetch_token() {
  const auto& login = std::get<connector::TokenLogin>(login_.act);
  if (!login.refresh_token.empty()) co_return co_await exchange_refresh_token(login.refresh_token);
  const Instant asked_at = loop_.now();
  auto fetched = co_await tokens_->fetch("");
  if (!fetched.ok()) co_return fetched.error();
  take(*std::move(fetched), asked_at);
  co_return success();
}

Task<Result<void>> Access::exchange_refresh_token(std::string given) {
  const auto lock = co_await kept_.lock(loop_);
  if (!lock.ok()) co_return lock.error();
  auto newest = kept_.newest(given);
  if (!newest.ok()) co_return newest.error();
  remember(*newest);
  const Instant asked_at = loop_.now();
  auto fetched = co_await tokens_->fetch(*newest);
  if (!fetched.ok()) co_return fetched.error();
  // Kept before anything is done with it: the one that was given for it may be worth nothing any more.
  if (!fetched->refresh_token.empty() && fetched->refresh_token != *newest) {
    remember(fetched->refresh_token);
    if (auto kept = kept_.keep(given, fetched->refresh_token); !kept.ok()) co_return kept.error();
  }
  take(*std::move(fetched), asked_at);
  co_return success();
}

// Counted on the clock that never jumps, from when the token was asked for: however wrong the wall clocks
// are, it is not used for too long.
void Access::take(FetchedToken fetched, Instant asked_at) {
  remember(fetched.token);
  Token token;
  token.number = (token_ ? token_->number : 0) + 1;
  token.taken_at = loop_.now();
  if (fetched.lifetime) {
    token.ends_at = asked_at + *fetched.lifetime;
    token.renew_at = token.ends_at - std::min(kMarginMax, *fetched.lifetime / 10);
  }
  token.fetched = std::move(fetched);
  token_ = std::move(token);
}

void Access::remember(const std::string& secret) {
  if (std::find(fetched_secrets_.begin(), fetched_secrets_.end(), secret) != fetched_secrets_.end()) return;
  log::conceal(secret);
  if (fetched_secrets_.size() == kSecretsMax) fetched_secrets_.erase(fetched_secrets_.begin());
  fetched_secrets_.push_back(secret);
}

void Access::move_to_base(HttpRequest& request) const {
  const std::string& base = token_->fetched.base;
  if (!base.empty() && request.url.starts_with(login_.base)) request.url.replace(0, login_.base.size(), base);
}

Result<void> Access::sign(HttpRequest& request) {
  const Time now = loop_.clock().now() + skew_;
  if (const auto* sigv4 = std::get_if<connector::SigV4Login>(&login_.act))
    sign_sigv4({sigv4->access_key, sigv4->secret_key, sigv4->session_token, sigv4->region, sigv4->service},
               now, request);
  if (const auto* hmac = std::get_if<connector::HmacLogin>(&login_.act))
    return sign_hmac(*hmac, now, salt_, request);
  return success();
}

}  // namespace penstock
