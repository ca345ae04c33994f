#include "sim/scenario.h"

#include <fmt/format.h>

#include "base/result.h"

namespace penstock::sim {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr unsigned char kConnector[] = {
#embed "../../connectors/hubspot.yaml"
};
#pragma clang diagnostic pop

void replace_once(std::string& text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  check(at != text.npos, "the connector's file has changed: mend the simulator");
  text.replace(at, from.size(), to);
}

template <size_t count>
const char* pick(Random& random, const char* const (&words)[count]) {
  return words[random.below(count)];
}

void draw_sync(Random& random, Scenario& s) {
  static constexpr const char* kAll[] = {"upsert", "upsert", "mirror", "mirror",
                                         "insert", "update", "delete"};
  static constexpr const char* kSearch[] = {"upsert", "mirror", "insert", "insert",
                                            "update", "append", "append", "delete"};
  static constexpr const char* kById[] = {"update", "update", "delete"};
  static constexpr const char* kRemovals[] = {"ignore", "delete", "clear"};
  const uint64_t kind = random.below(10);
  if (kind < 5) {
    s.object = "contacts", s.match_field = "email", s.match_kind = "unique", s.mode = pick(random, kAll);
    s.rules.match = CustomerRules::Match::email;
  } else if (kind < 9) {
    s.object = "companies", s.match_field = "name", s.match_kind = "search", s.mode = pick(random, kSearch);
    s.rules.match = CustomerRules::Match::name;
  } else {
    s.object = "companies", s.match_field = "hs_object_id", s.match_kind = "id", s.mode = pick(random, kById);
    s.rules.match = CustomerRules::Match::record;
  }
  s.on_removed = "ignore";
  if (s.mode == "upsert" || s.mode == "update") s.on_removed = pick(random, kRemovals);
  if (s.mode == "insert" && random.chance(0.3)) s.on_removed = "delete";
  s.match_change = random.chance(0.7) ? "follow" : "new";
  s.in_doubt = random.chance(0.5) ? "hold" : "resend";
}

}  // namespace

std::string crm_connector(uint64_t requests_per_10s) {
  std::string text(reinterpret_cast<const char*>(kConnector), sizeof kConnector);
  replace_once(text, "connector: hubspot", "connector: crm");
  replace_once(text, "- { rate: [190/10s, 625000/1d] }",
               fmt::format("- {{ rate: {}/10s }}", requests_per_10s));
  return text;
}

Weather Weather::draw(Random& random) {
  Weather w;
  const double scale = random.chance(0.2) ? 0 : random.chance(0.5) ? 0.03 : 0.12;
  for (double* share :
       {&w.refused, &w.lost, &w.unanswered, &w.stalled_before, &w.stalled_after, &w.failed_before,
        &w.failed_after, &w.throttled, &w.garbage_before, &w.garbage_after, &w.slow})
    *share = random.chance(0.6) ? scale * random.fraction() : 0;
  w.unauthorized = random.chance(0.1) ? 0.02 : 0;
  w.outages = random.chance(0.3) ? 0.3 : 0;
  return w;
}

Scenario Scenario::draw(Random& random) {
  Scenario s;
  draw_sync(random, s);
  s.rules.rows = random.chance(0.1) ? 60 + random.below(100) : 1 + random.below(25);
  s.rules.poison = random.chance(0.5) ? 0.5 : 0;
  s.rules.invalid = random.chance(0.5) ? 0.5 : 0;
  s.rules.hand_overs = random.chance(0.5);
  s.rules.exchanges = random.chance(0.3);
  s.batch_rows = random.chance(0.3) ? 100 : 1 + random.below(6);
  s.concurrency = random.chance(0.3) ? 1 : 1 + random.below(16);
  s.requests_per_10s = random.chance(0.5) ? 190 : 4 + random.below(12);
  s.share_percent = random.chance(0.7) ? 100 : 20 + random.below(80);
  s.weather = Weather::draw(random);
  const uint64_t others = random.below(10);
  s.others = others < 5 ? Others::none : others < 8 ? Others::gentle : Others::rough;
  s.runs = 2 + random.below(7);
  s.crashes = random.chance(0.25) ? 0 : 0.7 * random.fraction();
  s.neighbours = draw_neighbours(random);
  s.refreshes_login = random.chance(0.2);
  // What processes share is told in wall-clock time: where that jumps, so may the account's limits.
  s.clock_jumps = s.neighbours.empty() && random.chance(0.2);
  return s;
}

std::map<std::string, std::string> Scenario::files(const Edition& edition, const std::string& state,
                                                   uint64_t life) const {
  std::map<std::string, std::string> files = neighbour_files(neighbours, life);
  files["penstock.yaml"] = fmt::format("project: simulation\nstate: {}\n", state);
  files["connectors/crm.yaml"] = crm_connector(requests_per_10s);
  files["sources/warehouse.yaml"] = "type: duckdb\nthreads: 1\n";
  files["models/customers.yaml"] = edition.model_yaml();
  files["destinations/there.yaml"] =
      fmt::format("type: crm\n{}\nbase_url: http://crm.test\nrate_share: {}%\n",
                  refreshes_login ? "refresh_token: sim-refresh\nclient_id: app\nclient_secret: hidden"
                                  : "access_token: sim-token",
                  share_percent);
  std::string sync = fmt::format(
      "model: customers\ndestination: there\nobject: {}\nmode: {}\nmatch: {{ {}: found_by }}\n"
      "guard: {{ empty_model: allow }}\nin_doubt: {}\nbatch: {{ rows: {}, concurrency: {} }}\n",
      object, mode, match_field, in_doubt, batch_rows, concurrency);
  if (on_removed != "ignore") sync += fmt::format("on_removed: {}\n", on_removed);
  if (mode != "insert" && mode != "append") sync += fmt::format("match_change: {}\n", match_change);
  if (mode != "delete") sync += "fields:\n" + edition.fields_yaml();
  files["syncs/sync.yaml"] = sync;
  return files;
}

std::string Scenario::show() const {
  static constexpr const char* kOthers[] = {"none", "gentle", "rough"};
  return fmt::format(
      "{} of {} by {} ({}), on_removed {}, match_change {}, in_doubt {}, batches of {} x {}, limit {}/10s x "
      "{}%, others {}, {} runs, crashes {:.2f}, {} neighbours{}{}{}",
      mode, object, match_field, match_kind, on_removed, match_change, in_doubt, batch_rows, concurrency,
      requests_per_10s, share_percent, kOthers[static_cast<int>(others)], runs, crashes, neighbours.size(),
      clock_jumps ? ", the clock jumps" : "", rules.exchanges ? ", exchanges" : "",
      refreshes_login ? ", tokens expire" : "");
}

}  // namespace penstock::sim
