// What one seed is about: a kind of sync, how bad the network is, what else happens.
#pragma once

#include <map>
#include <string>

#include "base/random.h"
#include "sim/neighbours.h"
#include "sim/warehouse.h"

namespace penstock::sim {

// The shipped connector for HubSpot under the name `crm`, with this limit.
std::string crm_connector(uint64_t requests_per_10s);

// The share of requests that each mishap befalls.
struct Weather {
  double refused = 0;         // no connection
  double lost = 0;            // the connection breaks before the request arrives
  double unanswered = 0;      // it breaks after the request took effect
  double stalled_before = 0;  // no reply: the request never arrived
  double stalled_after = 0;   // no reply, though it took effect
  double failed_before = 0;   // 5xx, nothing done
  double failed_after = 0;    // 5xx, all done
  double throttled = 0;       // 429 out of nothing
  double garbage_before = 0;  // 200 that means nothing, nothing done
  double garbage_after = 0;   // 200 that means nothing, all done
  double slow = 0;            // seconds instead of milliseconds
  double unauthorized = 0;    // 401
  double outages = 0;         // of runs: the destination goes away for a while
  static Weather draw(Random& random);
  static Weather fair() { return {}; }
};

enum class Others {
  none,
  gentle,  // make records, and write fields that we do not map
  rough,   // also write ours, and delete records
};

struct Scenario {
  std::string object, match_field, match_kind;
  std::string mode, on_removed, match_change, in_doubt;
  CustomerRules rules;
  uint64_t batch_rows = 100, concurrency = 16;
  uint64_t requests_per_10s = 190;
  uint64_t share_percent = 100;
  Weather weather;
  Others others = Others::none;
  uint64_t runs = 5;
  double crashes = 0;        // of runs
  bool clock_jumps = false;  // somebody sets the wall clock now and then
  Neighbours neighbours;
  bool refreshes_login = false;  // access tokens come from a refresh token, and end

  static Scenario draw(Random& random);
  // The project's files by path, for the life of this number; `state`: where its state is kept.
  std::map<std::string, std::string> files(const Edition& edition, const std::string& state,
                                           uint64_t life) const;
  std::string show() const;

  bool deletes_removed() const { return mode == "mirror" || on_removed == "delete"; }
  // Records are there before the first run: the sync cannot make them.
  bool needs_records() const { return match_kind == "id" || mode == "update" || mode == "delete"; }
  uint64_t allowed(uint64_t count) const { return std::max<uint64_t>(1, count * share_percent / 100); }
};

}  // namespace penstock::sim
