#include "sim/network.h"

#include <fmt/format.h>

namespace penstock::sim {
namespace {

Duration between(Random& random, Duration least, Duration most) {
  return least + Duration(static_cast<int64_t>(random.below(static_cast<uint64_t>((most - least).count()))));
}

}  // namespace

SimNetwork::SimNetwork(SimLoop& loop, Random& random, const Weather& weather, Listener& listener)
    : loop_(loop), random_(random), weather_(weather), listener_(listener) {
  if (!random_.chance(weather_.outages)) return;
  away_from_ = loop_.now() + between(random_, 0s, 20s);
  away_until_ = away_from_ + (random_.chance(0.5) ? between(random_, 1s, 30s) : between(random_, 30s, 40min));
  away_silently_ = random_.chance(0.3);
}

const char* SimNetwork::name_of(Fate fate) {
  static constexpr const char* kNames[] = {
      "good",          "refused",      "lost",      "unanswered",     "stalled before", "stalled after",
      "failed before", "failed after", "throttled", "garbage before", "garbage after",  "unauthorized"};
  return kNames[static_cast<int>(fate)];
}

SimNetwork::Fate SimNetwork::draw_fate() {
  double left = random_.fraction();
  const std::pair<double, Fate> fates[] = {{weather_.refused, Fate::refused},
                                           {weather_.lost, Fate::lost},
                                           {weather_.unanswered, Fate::unanswered},
                                           {weather_.stalled_before, Fate::stalled_before},
                                           {weather_.stalled_after, Fate::stalled_after},
                                           {weather_.failed_before, Fate::failed_before},
                                           {weather_.failed_after, Fate::failed_after},
                                           {weather_.throttled, Fate::throttled},
                                           {weather_.garbage_before, Fate::garbage_before},
                                           {weather_.garbage_after, Fate::garbage_after},
                                           {weather_.unauthorized, Fate::unauthorized}};
  for (const auto& [share, fate] : fates) {
    if (left < share) return fate;
    left -= share;
  }
  return Fate::good;
}

Duration SimNetwork::draw_latency() {
  return random_.chance(weather_.slow) ? between(random_, 1s, 25s) : between(random_, 1ms, 150ms);
}

bool SimNetwork::is_away() const {
  return loop_.now() >= away_from_ && loop_.now() < away_until_;
}

HttpOutcome SimNetwork::failure(Instant started, const std::string& why, bool may_have_arrived) {
  return TransportFailure{.error = {ErrorKind::transient, "crm.test: " + why, ""},
                          .may_have_arrived = may_have_arrived,
                          .started = started,
                          .finished = loop_.now()};
}

// What the destination, or something before it, says without having done anything or of what it did.
ServerReply SimNetwork::made_up(Fate fate, const HttpRequest& request) {
  static constexpr int kErrors[] = {500, 502, 503, 504};
  static constexpr const char* kGarbage[] = {"", "{}", "<html>please log in</html>", "{\"results\":[",
                                             "{\"status\":\"COMPLETE\",\"results\":[]}"};
  ServerReply reply;
  if (fate == Fate::failed_before || fate == Fate::failed_after) {
    reply.status = kErrors[random_.below(std::size(kErrors))];
    reply.body =
        random_.chance(0.5) ? "<html>bad gateway</html>" : "{\"status\":\"error\",\"message\":\"oops\"}";
    if (random_.chance(0.2)) reply.headers.emplace_back("Retry-After", std::to_string(random_.below(20)));
  } else if (fate == Fate::throttled) {
    reply.status = 429;
    reply.body = "{\"status\":\"error\",\"message\":\"too fast\",\"errorType\":\"RATE_LIMIT\"}";
    if (random_.chance(0.5)) reply.headers.emplace_back("Retry-After", std::to_string(random_.below(15)));
  } else if (fate == Fate::unauthorized) {
    reply.status = 401;
    reply.body = "{\"status\":\"error\",\"category\":\"EXPIRED_AUTHENTICATION\",\"message\":\"expired\"}";
  } else {
    // Not to a look-up, though: that nothing was found is a lie which nobody can see through.
    const bool asks = request.url.ends_with("/read") || request.url.ends_with("/search");
    reply.body = kGarbage[random_.below(std::size(kGarbage) - (asks ? 1 : 0))];
  }
  return reply;
}

HttpOutcome SimNetwork::reply(const HttpRequest& request, Instant started, uint64_t exchange,
                              ServerReply given) {
  HttpReply reply;
  reply.status = given.status;
  reply.headers = std::move(given.headers);
  reply.body = std::move(given.body);
  reply.started = started;
  reply.finished = loop_.now();
  listener_.replied(request, exchange, reply);
  return reply;
}

Task<HttpOutcome> SimNetwork::send(HttpRequest request) {
  const Instant started = loop_.now();
  if (!listener_.may_send())
    for (;;) co_await loop_.sleep_for(1h);
  listener_.sent(request);
  Fate fate = draw_fate();
  if (is_away()) fate = away_silently_ ? Fate::stalled_before : Fate::refused;
  if (fate != Fate::good) listener_.told(fmt::format("network: {}", name_of(fate)));
  if (fate == Fate::refused) {
    co_await loop_.sleep_for(draw_latency());
    co_return failure(started, "connection refused", false);
  }
  const uint64_t number = ++last_;
  const bool is_lost = fate == Fate::lost || fate == Fate::stalled_before;
  if (!is_lost) on_the_way_.emplace(number, request);
  co_await loop_.sleep_for(draw_latency());
  on_the_way_.erase(number);
  if (fate == Fate::lost) co_return failure(started, "connection reset", true);
  const bool is_done = fate == Fate::good || fate == Fate::unanswered || fate == Fate::stalled_after ||
                       fate == Fate::failed_after || fate == Fate::garbage_after;
  uint64_t exchange = 0;
  ServerReply given = is_lost   ? ServerReply()
                      : is_done ? listener_.arrived(request, exchange)
                                : made_up(fate, request);
  if (fate == Fate::stalled_before || fate == Fate::stalled_after) {
    co_await loop_.sleep_until(started + request.timeouts.first_byte);
    co_return failure(started, "timed out", true);
  }
  if (fate == Fate::failed_after || fate == Fate::garbage_after) given = made_up(fate, request), exchange = 0;
  co_await loop_.sleep_for(draw_latency());
  if (fate == Fate::unanswered) co_return failure(started, "the reply was cut off", true);
  co_return reply(request, started, exchange, std::move(given));
}

void SimNetwork::process_died() {
  for (const auto& [number, request] : on_the_way_) {
    uint64_t exchange = 0;
    if (random_.chance(0.5)) (void)listener_.arrived(request, exchange);
  }
  on_the_way_.clear();
}

}  // namespace penstock::sim
