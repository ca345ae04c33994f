// The network between one life of the process and the destination: late, lossy, and now and then away.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "async/sim_loop.h"
#include "base/random.h"
#include "net/http.h"
#include "net/http_server.h"
#include "sim/scenario.h"

namespace penstock::sim {

// Who hears what happens on the wire.
class Listener {
 public:
  virtual ~Listener() = default;
  // False: the process is dead already, though its loop still runs; nothing leaves it.
  virtual bool may_send() = 0;
  virtual void sent(const HttpRequest& request) = 0;
  // The destination gets the request and answers; gives the exchange a number.
  virtual ServerReply arrived(const HttpRequest& request, uint64_t& exchange) = 0;
  // The process got this reply; 0: one that the destination never gave.
  virtual void replied(const HttpRequest& request, uint64_t exchange, const HttpReply& reply) = 0;
  virtual void told(const std::string& line) = 0;
};

class SimNetwork final : public HttpClient {
 public:
  SimNetwork(SimLoop& loop, Random& random, const Weather& weather, Listener& listener);

  Task<HttpOutcome> send(HttpRequest request) override;
  // The process is gone: what it had sent still arrives, or is lost.
  void process_died();

 private:
  enum class Fate {
    good,
    refused,
    lost,
    unanswered,
    stalled_before,
    stalled_after,
    failed_before,
    failed_after,
    throttled,
    garbage_before,
    garbage_after,
    unauthorized
  };
  static const char* name_of(Fate fate);
  Fate draw_fate();
  Duration draw_latency();
  bool is_away() const;
  HttpOutcome failure(Instant started, const std::string& why, bool may_have_arrived);
  HttpOutcome reply(const HttpRequest& request, Instant started, uint64_t exchange, ServerReply given);
  ServerReply made_up(Fate fate, const HttpRequest& request);

  SimLoop& loop_;
  Random& random_;
  Weather weather_;
  Listener& listener_;
  Instant away_from_ = Instant::max(), away_until_ = Instant::max();
  bool away_silently_ = false;
  uint64_t last_ = 0;
  std::map<uint64_t, HttpRequest> on_the_way_;  // requests that have not arrived
};

}  // namespace penstock::sim
