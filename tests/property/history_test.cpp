// Random histories of a model, its mapping and the fates of its rows: the real planner, snapshot and settle
// must at every step say what their naive twin says. A failure prints its seed; to see one again:
//     property_test --gtest_filter='*Histories*' with PENSTOCK_SEED=seed
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/random.h"
#include "property/machine.h"

namespace penstock::property {
namespace {

constexpr int64_t kIds = 12;
constexpr uint64_t kEmails = 16;

std::string show(const PlanCounts& c) {
  return fmt::format(
      "{} rows: {} added, {} changed ({} mapping, {} in doubt, {} full), {} removed, {} unchanged, {} "
      "invalid, "
      "{} waiting, {} waiting removals, {} handed over",
      c.rows, c.added, c.changed, c.remapped, c.unknown, c.forced, c.removed, c.unchanged, c.invalid,
      c.waiting, c.waiting_removals, c.handed_over);
}

KeyHash hash_of(const std::string& key) {
  const std::string_view part[] = {key};
  return hash_key(part);
}

// Changes the model and its mapping from run to run.
class Changes {
 public:
  explicit Changes(Random& random) : random_(random) {
    mapping.fields = {{.name = "firstname", .expression = Expression::name}};
    for (uint64_t i = random_.below(8); i > 0; --i) add_row();
  }

  void change() {
    for (uint64_t i = random_.below(6); i > 0; --i) change_model();
    if (random_.chance(0.2)) change_mapping();
    if (random_.chance(0.05)) has_score = !has_score;
    if (!has_score && mapping.needs_score()) has_score = true;
  }

  Model model;
  MappingSpec mapping;
  bool has_score = true;

 private:
  size_t pick() { return random_.below(model.size()); }

  // Mostly one that no row has.
  Text email() {
    for (int attempt = 0; attempt < 20; ++attempt) {
      std::string email = fmt::format("{}{}@x.org", random_.chance(0.2) ? 'U' : 'u', random_.below(kEmails));
      const bool taken = std::any_of(model.begin(), model.end(), [&](const auto& row) {
        return row.email && row.email->substr(1) == email.substr(1);
      });
      if (!taken || random_.chance(0.02)) return email;
    }
    return std::nullopt;
  }
  Text name() {
    static constexpr const char* kNames[] = {"ana", "bo", "Bo", "", "bad", "Zoë"};
    if (random_.chance(0.1)) return std::nullopt;
    return kNames[random_.below(random_.chance(0.2) ? 6 : 4)];
  }
  std::optional<int64_t> score() {
    if (random_.chance(0.15)) return std::nullopt;
    return static_cast<int64_t>(random_.below(4)) - 1;
  }

  void add_row() {
    const auto id = static_cast<int64_t>(random_.below(kIds));
    const bool taken = std::any_of(model.begin(), model.end(), [&](const auto& row) { return row.id == id; });
    if (!taken || random_.chance(0.03)) model.push_back({id, email(), name(), score()});
  }

  void change_model() {
    const uint64_t what = random_.below(20);
    if (what < 6 || model.empty()) return add_row();
    ModelRow& row = model[pick()];
    versions_.push_back(row);
    if (what < 9) {
      model.erase(model.begin() + static_cast<ptrdiff_t>(pick()));
    } else if (what < 12) {
      row.name = name();
    } else if (what < 14) {
      row.score = score();
    } else if (what < 16) {
      row.email = email();
    } else if (what < 18) {
      revert();
    } else if (what < 19) {
      change_id(row);
    } else {
      spoil(row);
    }
  }

  // A row becomes what some row of its key once was, whether it is there or not.
  void revert() {
    const ModelRow old = versions_[random_.below(versions_.size())];
    std::erase_if(model, [&](const auto& row) { return row.id == old.id; });
    model.push_back(old);
  }

  // The same customer under another key.
  void change_id(ModelRow& row) {
    const auto id = static_cast<int64_t>(random_.below(kIds));
    if (std::none_of(model.begin(), model.end(), [&](const auto& other) { return other.id == id; }))
      row.id = id;
  }

  void spoil(ModelRow& row) {
    switch (random_.below(4)) {
      case 0:
        row.email.reset();
        return;
      case 1:
        row.id.reset();
        return;
      case 2:
        row.name = "bad";
        return;
      default: {
        ModelRow twin = row;
        twin.email = random_.chance(0.5) ? twin.email : email();
        model.push_back(twin);
      }
    }
  }

  void change_mapping() {
    static constexpr const char* kNames[] = {"firstname", "lastname", "tier", "city"};
    const uint64_t what = random_.below(6);
    auto& fields = mapping.fields;
    if (what == 0 && fields.size() > 1) {
      fields.erase(fields.begin() + static_cast<ptrdiff_t>(random_.below(fields.size())));
    } else if (what == 1 && !fields.empty()) {
      fields[random_.below(fields.size())].expression = expression();
    } else if (what == 2 && !fields.empty()) {
      fields[random_.below(fields.size())].write = policy();
    } else if (what == 3 && !fields.empty()) {
      auto& omit = fields[random_.below(fields.size())].omit_null;
      omit = !omit;
    } else if (what == 4 && random_.chance(0.4)) {
      mapping.match = mapping.match == Expression::email ? Expression::lower_email : Expression::email;
    } else {
      const std::string name = kNames[random_.below(4)];
      std::erase_if(fields, [&](const auto& field) { return field.name == name; });
      const auto at = fields.begin() + static_cast<ptrdiff_t>(random_.below(fields.size() + 1));
      fields.insert(at, {name, expression(), policy(), random_.chance(0.3)});
    }
  }
  Expression expression() { return kFieldExpressions[random_.below(std::size(kFieldExpressions))]; }
  WritePolicy policy() {
    if (random_.chance(0.6)) return WritePolicy::always;
    return random_.chance(0.5) ? WritePolicy::on_create : WritePolicy::if_empty;
  }

  Random& random_;
  std::vector<ModelRow> versions_;
};

// One history, step by step: plan and compare, draw outcomes, settle and compare.
class History {
 public:
  explicit History(uint64_t seed) : random_(seed), machine_(seed), changes_(random_) {
    keys_only_ = random_.chance(0.15);
    forget_removed_ = keys_only_ && random_.chance(0.3);
    on_removed_ = static_cast<OnRemoved>(random_.below(3));
    follows_ = random_.chance(0.7);
    troubled_ = random_.chance(0.3) ? 0 : 0.1 + 0.5 * random_.fraction();
    crashes_ = random_.chance(0.5) ? 0 : 0.3;
  }

  void run(int steps) {
    for (int step = 1; step <= steps && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE(fmt::format("step {}", step));
      changes_.change();
      pass_time();
      ask();
      try_step();
    }
    if (testing::Test::HasFailure()) std::fputs(story_.c_str(), stderr);
  }

 private:
  void pass_time() {
    now_ += Duration(1s) * static_cast<int64_t>(random_.below(random_.chance(0.3) ? 100'000 : 600));
    if (random_.chance(0.03)) now_ -= Duration(1h);  // the wall clock is set back
    if (random_.chance(0.05)) ++cause_;
    if (random_.chance(0.05)) on_removed_ = static_cast<OnRemoved>(random_.below(3));
    if (random_.chance(0.03)) keys_only_ = !keys_only_;
    forget_removed_ = forget_removed_ && keys_only_;
  }

  void ask() {
    question_ = {};
    question_.model = changes_.model;
    question_.mapping = changes_.mapping;
    question_.has_score = changes_.has_score;
    question_.remembered = machine_.remembered();
    std::erase(question_.remembered, changes_.mapping);
    question_.keys_only = keys_only_;
    question_.everything = random_.chance(0.05);
    question_.retry_waiting = random_.chance(0.08);
    if (random_.chance(0.05)) question_.only = static_cast<int64_t>(random_.below(kIds));
    question_.cause = cause_;
    question_.now = now_;
    question_.on_removed = on_removed_;
    question_.forget_removed = forget_removed_;
    question_.follows = follows_;
    limit_.reset();
    if (random_.chance(0.05)) limit_ = random_.below(5);
    tell_question();
  }

  void try_step() {
    auto planned = machine_.plan(question_, limit_);
    ASSERT_TRUE(planned.ok()) << planned.error().message;
    const TwinPlan expected = twin_.plan(question_);
    compare_plans(*planned, expected);
    if (testing::Test::HasFailure()) return;
    const RunEnding ending = draw_ending(planned->rows.size());
    std::vector<TwinOutcome> outcomes = draw_outcomes(*planned, expected, ending);
    std::vector<RowOutcome> recorded;
    for (const auto& outcome : outcomes) recorded.push_back(outcome.outcome);
    auto settled = machine_.settle(question_, *planned, recorded, ending, now_);
    ASSERT_TRUE(settled.ok()) << settled.error().message;
    tell("settled{}", *settled ? "" : " without its plan");
    if (!ending.orderly) add_doubted(*planned, expected, ending, outcomes);
    twin_.settle(question_, expected, outcomes, ending.hold_doubt, *settled, now_);
    compare_states();
    EXPECT_FALSE(machine_.has_leftovers());
    if (random_.chance(0.1)) {
      EXPECT_EQ(machine_.operations_kept(), outcomes.size());
    }
    check_remembered();
  }

  // ---- Plans

  void compare_plans(const Machine::Planned& planned, const TwinPlan& expected) {
    const PlanCounts& counts = planned.plan.counts;
    EXPECT_EQ(show(counts), show(expected.counts));
    EXPECT_EQ(counts.rows,
              counts.added + counts.changed + counts.unchanged + counts.invalid + counts.waiting);
    EXPECT_EQ(counts.to_send, planned.rows.size());
    EXPECT_EQ(planned.rows.size(), std::min<uint64_t>(expected.rows.size(), limit_.value_or(UINT64_MAX)));
    std::string real, twin;
    bool removals = false;
    for (const auto& row : planned.rows) {
      real += row.show() + "\n";
      const auto same = expected.rows.find(row.key);
      twin += same == expected.rows.end() ? "nothing for " + row.key + "\n" : same->second.show() + "\n";
      EXPECT_TRUE(!removals || row.change == "removed") << "removals come last";
      removals = removals || row.change == "removed";
    }
    for (const auto& [key, row] : expected.rows)
      if (!limit_ && std::none_of(planned.rows.begin(), planned.rows.end(),
                                  [&](const auto& other) { return other.key == key; }))
        twin += row.show() + "\n";
    EXPECT_EQ(real, twin);
    compare_silent("forget", planned.plan.silent.forget, expected.forget);
    compare_silent("gone", planned.plan.silent.gone, expected.gone);
    compare_silent("returned", planned.plan.silent.returned, expected.returned);
    std::set<std::string> invalid;
    for (const auto& row : planned.plan.invalid) invalid.insert(row.key);
    EXPECT_EQ(invalid, expected.invalid);
  }

  static void compare_silent(const char* what, const std::vector<KeyHash>& real,
                             const std::set<std::string>& twin) {
    std::set<KeyHash> expected;
    for (const auto& key : twin) expected.insert(hash_of(key));
    EXPECT_EQ(std::set<KeyHash>(real.begin(), real.end()), expected) << what;
  }

  // ---- Outcomes

  RunEnding draw_ending(size_t rows) {
    RunEnding ending;
    ending.orderly = !random_.chance(crashes_);
    ending.hold_doubt = keys_only_ && random_.chance(0.5);
    if (!ending.orderly) {
      ending.intended_through = random_.below(rows + 3);
      for (uint64_t row = 0; row < rows; ++row)
        if (random_.chance(0.2)) ending.intended.push_back(row);
    }
    if (random_.chance(crashes_ / 2)) ending.power_cut_after = random_.below(30);
    return ending;
  }

  std::vector<TwinOutcome> draw_outcomes(const Machine::Planned& planned, const TwinPlan& expected,
                                         const RunEnding& ending) {
    std::vector<TwinOutcome> outcomes;
    for (size_t i = 0; i < planned.rows.size(); ++i) {
      if (random_.chance(ending.orderly ? 0.03 : 0.3)) continue;  // not sent, or not known
      TwinOutcome& one = outcomes.emplace_back();
      one.row = expected.rows.at(planned.rows[i].key);
      one.outcome = draw_outcome(one.row);
      one.outcome.ordinal = i;
      tell("  {} {}{}{}", one.row.key, name_of(one.outcome.outcome), one.outcome.foreign ? " foreign" : "",
           one.outcome.effect_unknown ? " effect unknown" : "");
    }
    return outcomes;
  }

  RowOutcome draw_outcome(const TwinRow& row) {
    RowOutcome outcome;
    outcome.operation = "upsert";
    outcome.attempt = 1;
    outcome.at = now_;
    outcome.record_id = !row.record_id.empty() ? row.record_id : "";
    if (!random_.chance(troubled_)) {
      // Not every destination tells the record's id.
      if (random_.chance(0.7)) outcome.record_id = fmt::format("r{}", ++records_);
      return outcome;
    }
    outcome.outcome = static_cast<Outcome>(1 + random_.below(4));
    if (outcome.outcome == Outcome::skipped) {
      outcome.foreign = row.change != "removed" && random_.chance(0.5);
      return outcome;
    }
    outcome.effect_unknown = outcome.outcome == Outcome::in_doubt || random_.chance(0.3);
    outcome.code = fmt::format("CODE_{}", random_.below(3));
    outcome.message = "because";
    return outcome;
  }

  // What a crash leaves without an outcome although it may have been sent.
  void add_doubted(const Machine::Planned& planned, const TwinPlan& expected, const RunEnding& ending,
                   std::vector<TwinOutcome>& outcomes) {
    for (uint64_t i = 0; i < planned.rows.size(); ++i) {
      const bool intended =
          i < ending.intended_through ||
          std::find(ending.intended.begin(), ending.intended.end(), i) != ending.intended.end();
      const bool known = std::any_of(outcomes.begin(), outcomes.end(),
                                     [&](const auto& one) { return one.outcome.ordinal == i; });
      if (!intended || known) continue;
      TwinOutcome& one = outcomes.emplace_back();
      one.row = expected.rows.at(planned.rows[i].key);
      one.outcome.ordinal = i;
      one.outcome.outcome = Outcome::in_doubt;
      one.outcome.effect_unknown = true;
      one.outcome.message = "penstock was stopped before the reply came";
      tell("  {} in doubt", one.row.key);
    }
  }

  // ---- States

  void compare_states() {
    const auto snapshot = machine_.snapshot();
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().message;
    EXPECT_EQ(snapshot->manifest().counts.keys, twin_.keys().size());
    for (const auto& [key, twin] : twin_.keys()) {
      SCOPED_TRACE("key " + key);
      const auto found = *snapshot->find(hash_of(key));
      ASSERT_TRUE(found.has_value());
      compare_key(key, twin, *found, *snapshot->details(found->slot));
    }
  }

  void compare_key(const std::string& key, const TwinKey& twin, const Found& found, const Details& details) {
    EXPECT_EQ(found.accepted.has_value(), twin.is_accepted);
    if (found.accepted && twin.is_accepted)
      compare_fingerprint(*found.accepted, twin.unknown ? std::nullopt : twin.accepted);
    EXPECT_EQ(found.gone, twin.gone);
    EXPECT_EQ(found.foreign, twin.foreign);
    EXPECT_EQ(details.key, key);
    EXPECT_EQ(details.record_id, twin.record_id);
    EXPECT_EQ(details.match, std::vector<std::string>{twin.match.value_or("")});
    ASSERT_EQ(details.waiting.has_value(), twin.wait.has_value());
    if (!twin.wait) return;
    EXPECT_EQ(details.waiting->kind, twin.wait->kind);
    EXPECT_EQ(details.waiting->attempts, twin.wait->attempts);
    EXPECT_EQ(details.waiting->since, twin.wait->since);
    EXPECT_EQ(details.waiting->next_try, twin.wait->next_try);
    EXPECT_EQ(details.waiting->cause, twin.wait->cause);
    EXPECT_EQ(details.waiting->code, twin.wait->code);
    EXPECT_EQ(details.waiting->message, twin.wait->message);
    compare_fingerprint(details.waiting->fingerprint, twin.wait->payload);
  }

  // One fingerprint for one payload, over the whole history.
  void compare_fingerprint(Fingerprint real, const std::optional<Payload>& payload) {
    if (!payload) {
      EXPECT_EQ(real, kUnknownPayload);
      return;
    }
    EXPECT_EQ(fingerprints_.emplace(*payload, real).first->second, real);
    EXPECT_EQ(payloads_.emplace(real, *payload).first->second, *payload);
  }

  // While a row that is as it was still counts on its mapping, that mapping is not forgotten.
  void check_remembered() {
    const auto remembered = machine_.remembered();
    if (remembered.size() >= 4) return;
    for (const auto& row : question_.model) {
      const auto known = twin_.keys().find(row.id ? std::to_string(*row.id) : "");
      if (known == twin_.keys().end()) continue;
      const TwinKey& key = known->second;
      const bool counts_on_it = key.is_accepted && !key.unknown && !key.gone && !key.wait && !keys_only_ &&
                                payload_of(key.mapping, row) == key.accepted;
      const bool same = payload_of(question_.mapping, row) == key.accepted;
      if (!counts_on_it || same || is_spoilt(known->first)) continue;
      EXPECT_NE(std::find(remembered.begin(), remembered.end(), key.mapping), remembered.end())
          << "key " << known->first << " was accepted with " << key.mapping.show();
    }
  }
  bool is_spoilt(const std::string& key) const { return twin_.plan(question_).invalid.contains(key); }

  // ---- The story of a failure

  template <class... Arguments>
  void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    story_ += fmt::format(format, std::forward<Arguments>(arguments)...) + "\n";
  }
  void tell_question() {
    tell("at {}: {}", iso8601(now_), question_.mapping.show());
    for (const auto& row : question_.model) tell("  {}", property::show(row));
    tell("  on_removed {}{}{}{}{}{}{}", config::name_of(question_.on_removed),
         question_.keys_only ? ", keys only" : "", question_.everything ? ", full" : "",
         question_.retry_waiting ? ", retry" : "", question_.forget_removed ? ", forget removed" : "",
         question_.only ? fmt::format(", only {}", *question_.only) : "",
         limit_ ? fmt::format(", limit {}", *limit_) : "");
  }

  Random random_;
  Machine machine_;
  Twin twin_;
  Changes changes_;
  bool keys_only_ = false, forget_removed_ = false, follows_ = true;
  OnRemoved on_removed_ = OnRemoved::ignore;
  double troubled_ = 0, crashes_ = 0;
  Time now_ = from_unix_micros(1'793'610'000'000'000);
  uint64_t cause_ = 1, records_ = 0;
  PlanQuestion question_;
  std::optional<uint64_t> limit_;
  std::map<Payload, Fingerprint> fingerprints_;
  std::map<Fingerprint, Payload> payloads_;
  std::string story_;
};

TEST(Histories, PlanAndSnapshotAreThoseOfTheNaiveTwin) {
  const char* one = std::getenv("PENSTOCK_SEED");
  const char* many = std::getenv("PENSTOCK_SEEDS");
  const uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const uint64_t count = one != nullptr ? 1 : many != nullptr ? std::strtoull(many, nullptr, 10) : 100;
  for (uint64_t seed = first; seed < first + count && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    History(seed).run(12);
  }
}

}  // namespace
}  // namespace penstock::property
