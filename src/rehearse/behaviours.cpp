#include "rehearse/behaviours.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rehearse/reading.h"
#include "rehearse/stage.h"

namespace penstock::rehearse {
namespace {

using connector::BoundOperation;
using connector::JobPart;
using connector::ReplyRule;
using connector::RowRule;
using connector::Verdict;

// All of them: those of writing, of refusals, and of what goes wrong on the way.
class Behaviours : public Reading {
 public:
  using Reading::Reading;

  using Behaviour = Verdicted (Behaviours::*)();
  static const std::vector<std::pair<std::string_view, Behaviour>>& all();

  Verdicted try_it(Behaviour behaviour) {
    Verdicted verdicted = (this->*behaviour)();
    if (verdicted.holds == Holds::yes && !stage_.trouble().empty()) return fails(stage_.trouble());
    return verdicted;
  }

 private:
  // ---- Refusals

  // What a rule of a row says, as the reply's entry and as the code in it.
  struct RowCase {
    const ReplyRule* reply = nullptr;  // null: a list of a job's results
    const RowRule* rule = nullptr;
    std::string code;
    Verdict verdict = Verdict::rejected;
  };

  static void add_cases(const ReplyRule* reply, const std::vector<RowRule>& rules,
                        std::vector<RowCase>& cases) {
    for (const auto& rule : rules) {
      if (rule.is != Verdict::accepted) cases.push_back({reply, &rule, "", rule.is});
      for (const auto& code : rule.codes) cases.push_back({reply, &rule, code.name, code.value});
    }
  }

  std::vector<RowCase> row_cases() const {
    std::vector<RowCase> cases;
    for (const auto* replies : {&writes().replies, &stage_.target().connector().declaration().replies})
      for (const auto& reply : *replies)
        if (reply.is == Verdict::rows) add_cases(&reply, reply.rows, cases);
    if (writes().job)
      for (const auto& result : writes().job->results) add_cases(nullptr, result.rows, cases);
    return cases;
  }

  Verdicted tells_rows_apart() {
    const auto cases = row_cases();
    if (cases.empty()) return does_not_apply("its replies do not tell of single rows");
    for (const auto& each : cases)
      if (auto told = tells_rows_apart(each); told.holds != Holds::yes) return told;
    return {};
  }

  std::string name_of(const RowCase& each) const {
    return fmt::format("{}{}", each.rule->each->empty() ? "the entry of a row" : "'" + *each.rule->each + "'",
                       each.code.empty() ? "" : " with the code " + each.code);
  }

  // The second row (the only one, where one travels alone) gets the entry, once.
  Verdicted tells_rows_apart(const RowCase& one) {
    const size_t singled = writes().rows > 1 ? 1 : 0;
    std::string wrong;
    size_t seen = 0;
    const Played played = play(usual_rows(), [&](Destination& to) {
      if (one.reply == nullptr) {
        to.wishes[1] = RowWish{one.rule, one.code, ""};
        return;
      }
      to.instead = [&](const Heard& heard) -> std::optional<HttpOutcome> {
        if (heard.operation->name != stage_.writes().name || !is_first_write(heard, seen))
          return std::nullopt;
        return reply_singling_out(to, heard, one, std::min(singled, heard.rows.size() - 1), wrong);
      };
    });
    if (!wrong.empty()) return fails(wrong);
    return expect_singled_out(played, one);
  }

  std::optional<HttpOutcome> reply_singling_out(const Destination& to, const Heard& heard, const RowCase& one,
                                                size_t index, std::string& wrong) const {
    const RowRule* good = nullptr;
    for (const auto& rule : one.reply->rows)
      if (good == nullptr && rule.is == Verdict::accepted) good = &rule;
    std::vector<RowWish> wishes(heard.rows.size());
    for (size_t i = 0; i < wishes.size(); ++i) {
      wishes[i].rule = i == index ? one.rule : good;
      if (i == index)
        wishes[i].code = one.code;
      else
        wishes[i].record_id = heard.sent.record_id(i);
    }
    const std::string body = body_by(*one.reply, heard.sent, wishes);
    for (const int status : statuses_of(*one.reply)) {
      const auto reading = stage_.target().read(*heard.operation, status, body, heard.sent);
      if (reading.verdict == Verdict::rows && reading.rows[index].verdict == one.verdict)
        return to.reply({status, body});
    }
    wrong = fmt::format("no reply reaches the rule for {}: another rule comes first", name_of(one));
    return std::nullopt;
  }

  Verdicted expect_singled_out(const Played& played, const RowCase& one) const {
    size_t refused = 0;
    for (size_t row = 0; row < 3; ++row) {
      const auto found = played.outcomes.find(row);
      if (found == played.outcomes.end())
        return one.verdict == Verdict::auth || one.verdict == Verdict::forbidden ||
                       one.verdict == Verdict::quota
                   ? Verdicted{}
                   : fails(fmt::format("{}: row {} has no outcome{}", name_of(one), row + 1, reason(played)));
      if (found->second.outcome != Outcome::accepted) ++refused;
    }
    if (refused > 1)
      return fails(fmt::format("{}: rows that it is not about are not accepted", name_of(one)));
    if (one.verdict == Verdict::rejected && refused == 0)
      return fails(fmt::format("{}: the row counts as accepted", name_of(one)));
    const bool goes_again =
        one.verdict == Verdict::retry || one.verdict == Verdict::throttled || one.verdict == Verdict::again;
    if (goes_again && refused > 0 && (is_repeatable() || one.verdict != Verdict::retry))
      return fails(fmt::format("{}: the row is not sent again", name_of(one)));
    return {};
  }

  // A request is refused whenever one row is in it.
  Verdicted finds_the_culprit() {
    bool is_declared = true;
    const auto refused = [&](Destination& to, const Heard& heard) -> std::optional<HttpOutcome> {
      const bool is_meant = heard.part == JobPart::upload && heard.operation->name == stage_.writes().name &&
                            std::find(heard.rows.begin(), heard.rows.end(), 1u) != heard.rows.end();
      if (!is_meant) return std::nullopt;
      for (const Verdict verdict : {Verdict::split, Verdict::rejected})
        if (auto made = reply_saying(stage_.target(), *heard.operation, verdict, heard.sent))
          return to.reply(*std::move(made));
      is_declared = false;
      if (!stage_.speaks_http()) return std::nullopt;
      return to.reply({400, std::string(kWebPage)});
    };
    const Played played = play(usual_rows(), [&](Destination& to) {
      to.instead = [&refused, &to](const Heard& heard) { return refused(to, heard); };
    });
    if (!is_declared && !stage_.speaks_http()) return does_not_apply("no reply refuses a whole request");
    for (size_t row = 0; row < 3; ++row) {
      const auto found = played.outcomes.find(row);
      if (found == played.outcomes.end()) return fails("a row has no outcome" + reason(played));
      const Outcome wanted = row == 1 ? Outcome::rejected : Outcome::accepted;
      if (found->second.outcome != wanted)
        return fails(fmt::format("a request is refused for one row: {} is {}", row == 1 ? "it" : "another",
                                 word_of(found->second.outcome)));
    }
    return {};
  }

  // ---- Things go wrong on the way

  Verdicted waits_when_throttled() {
    bool is_declared = true;
    size_t seen = 0;
    const Played played = play(usual_rows(), [&](Destination& to) {
      to.instead = [&](const Heard& heard) -> std::optional<HttpOutcome> {
        if (!is_first_write(heard, seen)) return std::nullopt;
        auto made = reply_saying(stage_.target(), *heard.operation, Verdict::throttled, heard.sent);
        is_declared = made.has_value();
        return made ? std::optional<HttpOutcome>(to.reply(*std::move(made))) : std::nullopt;
      };
    });
    if (is_declared) {
      if (auto all = expect_all(played, 3, Outcome::accepted); all.holds != Holds::yes) return all;
      if (played.progress.throttled == 0) return fails("a reply that says 'too fast' is not taken as that");
    }
    if (!stage_.speaks_http())
      return is_declared ? Verdicted{} : does_not_apply("it does not speak HTTP and has no limit");
    return waits_as_asked();
  }

  // The web's own word for it: 429, with the seconds to wait and a page that no rule can read.
  Verdicted waits_as_asked() {
    size_t seen = 0;
    const Played played = play(usual_rows(), [&](Destination& to) {
      to.instead = [&](const Heard& heard) -> std::optional<HttpOutcome> {
        if (!is_first_write(heard, seen)) return std::nullopt;
        HttpReply reply = to.reply({429, std::string(kWebPage)});
        reply.headers.emplace_back("Retry-After", "7");
        return reply;
      };
    });
    if (auto all = expect_all(played, 3, Outcome::accepted); all.holds != Holds::yes)
      return fails("status 429: " + all.why);
    if (played.took < 7s) return fails("status 429: it does not wait as long as Retry-After says");
    return {};
  }

  Verdicted stops_without_login() {
    if (!stage_.speaks_http()) {
      const auto reply = play_refused(Verdict::auth, 0);
      return reply ? *reply : does_not_apply("no reply says that the login is refused");
    }
    if (const auto declared = play_refused(Verdict::auth, 0); declared && declared->holds == Holds::no)
      return *declared;
    return *play_refused(Verdict::auth, 401);
  }

  // Every request is answered so; nullopt: no rule says that. `status`: with a page that no rule can read.
  std::optional<Verdicted> play_refused(Verdict verdict, int status) {
    bool is_declared = true;
    const Played played = play(usual_rows(), [&](Destination& to) {
      to.instead = [&](const Heard& heard) -> std::optional<HttpOutcome> {
        if (status != 0) return to.reply({status, std::string(kWebPage)});
        auto made = reply_saying(stage_.target(), *heard.operation, verdict, heard.sent);
        is_declared = is_declared && made.has_value();
        return made ? std::optional<HttpOutcome>(to.reply(*std::move(made))) : std::nullopt;
      };
    });
    if (!is_declared) return std::nullopt;
    const std::string what = status != 0 ? fmt::format("status {}: ", status) : "";
    if (played.ended.ok()) return fails(what + "the run goes on without a login");
    if (played.ended.error().kind != ErrorKind::auth)
      return fails(what + "the run ends for another reason: " + played.ended.error().message);
    if (!played.outcomes.empty()) return fails(what + "rows have an outcome although nobody was let in");
    return Verdicted{};
  }

  Verdicted tries_again() {
    if (!stage_.speaks_http()) return does_not_apply("it does not speak HTTP");
    size_t seen = 0;
    return expect_once([&](Destination& to, const Heard& heard) -> std::optional<HttpOutcome> {
      const bool is_meant = heard.part == JobPart::upload && stage_.is_write(heard.operation) && ++seen <= 2;
      if (!is_meant) return std::nullopt;
      return to.reply({503, std::string(kWebPage)});
    });
  }

  Verdicted repeats_what_never_arrived() {
    size_t seen = 0;
    const Played played = play(usual_rows(), [&](Destination& to) {
      to.instead = [&](const Heard& heard) -> std::optional<HttpOutcome> {
        return is_first_write(heard, seen) ? std::optional(to.lost(false)) : std::nullopt;
      };
    });
    return expect_all(played, 3, Outcome::accepted);
  }

  Verdicted doubts_what_was_lost() {
    size_t seen = 0;
    return expect_once([&](Destination& to, const Heard& heard) -> std::optional<HttpOutcome> {
      return is_first_write(heard, seen) ? std::optional(to.lost(true)) : std::nullopt;
    });
  }

  Verdicted does_not_believe_anything() {
    const BoundOperation& operation = stage_.writes();
    const connector::SentRows one{.count = 1,
                                  .match = [](size_t) { return std::string("x"); },
                                  .record_id = [](size_t) { return std::string("x"); },
                                  .once = [](size_t) { return std::string("x"); },
                                  .field = [](size_t, const std::string&) { return std::string("x"); }};
    if (stage_.target().read(operation, 200, kWebPage, one).verdict == Verdict::accepted)
      return does_not_apply("every reply of status 200 is a good one there");
    size_t seen = 0;
    return expect_once([&](Destination& to, const Heard& heard) -> std::optional<HttpOutcome> {
      if (!is_first_write(heard, seen)) return std::nullopt;
      return to.reply({200, std::string(kWebPage)});
    });
  }

  // What may have been written is written again only where that is the same as once; where it is not, the row
  // is looked up or in doubt.
  Verdicted expect_once(
      const std::function<std::optional<HttpOutcome>(Destination&, const Heard&)>& trouble) {
    const Played played = play(usual_rows(), [&](Destination& to) {
      to.instead = [&trouble, &to](const Heard& heard) { return trouble(to, heard); };
    });
    if (is_repeatable() || is_staged()) return expect_all(played, 3, Outcome::accepted);
    std::vector<bool> in_flight(3);
    for (const auto& each : stage_.heard()) {
      const bool is_find = each.operation->operation->find.has_value();
      if (each.part != JobPart::upload) continue;
      for (const size_t row : each.rows) {
        if (is_find) in_flight[row] = false;
        if (!is_find && !each.operation->operation->repeatable && in_flight[row])
          return fails("a row that may have been written is written again, without being looked up");
        if (!is_find) in_flight[row] = true;
      }
    }
    for (size_t row = 0; row < 3; ++row) {
      const auto found = played.outcomes.find(row);
      if (found == played.outcomes.end()) return fails("a row has no outcome" + reason(played));
      if (found->second.outcome != Outcome::accepted && found->second.outcome != Outcome::in_doubt)
        return fails(fmt::format("a row that may have been written is {}", word_of(found->second.outcome)));
    }
    return {};
  }

  // Rows of a job that is started only after they have arrived are not written by their arrival.
  bool is_staged() const { return writes().job && writes().job->start; }

  Verdicted ends_when_nobody_answers() {
    const Played played = play(usual_rows(), [&](Destination& to) {
      to.instead = [&](const Heard&) -> std::optional<HttpOutcome> { return to.lost(false); };
    });
    // Rows of a job are given up one job at a time.
    const bool all_failed = std::all_of(played.outcomes.begin(), played.outcomes.end(), [](const auto& each) {
      return each.second.outcome == Outcome::failed || each.second.outcome == Outcome::in_doubt;
    });
    if (played.ended.ok() && !(writes().job && all_failed && played.outcomes.size() == 3))
      return fails("a destination that does not answer is taken for one that does");
    if (played.took > 1h) return fails("it goes on for more than an hour");
    for (const auto& [row, outcome] : played.outcomes)
      if (outcome.outcome == Outcome::accepted)
        return fails("a row counts as accepted although nobody answered");
    return {};
  }

  Verdicted tells_of_failed_jobs() {
    if (!writes().job) return does_not_apply("it is no job");
    if (writes().job->poll->failed.empty()) return does_not_apply("no state says that a job failed");
    const auto& poll = *writes().job->poll;
    const Played played = play(usual_rows(), [&](Destination& to) {
      to.instead = [&](const Heard& heard) -> std::optional<HttpOutcome> {
        if (heard.part != JobPart::poll) return std::nullopt;
        Json body;
        body.at(poll.state).set(poll.failed[0]);
        if (!poll.message.empty()) body.at(poll.message[0]).set(kMadeMessage);
        return to.reply({200, body.text()});
      };
      to.tells_results = false;
    });
    for (size_t row = 0; row < 3; ++row) {
      const auto found = played.outcomes.find(row);
      if (found == played.outcomes.end())
        return fails("a row of a failed job has no outcome" + reason(played));
      if (found->second.outcome == Outcome::accepted && writes().job->unnamed_failed != Verdict::accepted)
        return fails("a row of a failed job counts as accepted");
    }
    return {};
  }
};

const std::vector<std::pair<std::string_view, Behaviours::Behaviour>>& Behaviours::all() {
  static const std::vector<std::pair<std::string_view, Behaviour>> behaviours = {
      {"rows are written", &Behaviours::writes_rows},
      {"known rows are written", &Behaviours::writes_known_rows},
      {"removed rows are removed", &Behaviours::removes_rows},
      {"records are found", &Behaviours::finds_records},
      {"no record is found", &Behaviours::finds_none},
      {"several records are found", &Behaviours::finds_several},
      {"what is there is read", &Behaviours::reads_what_is_there},
      {"NULL", &Behaviours::writes_nulls},
      {"unicode", &Behaviours::writes_unicode},
      {"batches: one row, all, one more", &Behaviours::keeps_to_batches},
      {"bytes of a request", &Behaviours::keeps_to_bytes},
      {"each row its own reply", &Behaviours::tells_rows_apart},
      {"one row spoils a request", &Behaviours::finds_the_culprit},
      {"too fast", &Behaviours::waits_when_throttled},
      {"the login is refused", &Behaviours::stops_without_login},
      {"out of service for a while", &Behaviours::tries_again},
      {"requests that never arrive", &Behaviours::repeats_what_never_arrived},
      {"replies that are lost", &Behaviours::doubts_what_was_lost},
      {"replies that nobody can read", &Behaviours::does_not_believe_anything},
      {"nobody answers", &Behaviours::ends_when_nobody_answers},
      {"a job fails", &Behaviours::tells_of_failed_jobs},
  };
  return behaviours;
}

// Ways that do the same with the same operations differ in the names of things only: one of them is tried
// thoroughly.
std::string operations_of(const Stage& stage) {
  std::string out = fmt::format("{} {}", config::name_of(stage.way().mode), stage.way().match.size());
  const connector::Target& target = stage.target();
  for (const auto* operation :
       {target.find(), target.read(), target.create(), target.update(), target.upsert(), target.remove()})
    out += " " + (operation == nullptr ? "-" : operation->name);
  return out;
}

std::string mode_of(const Way& way) {
  return std::string(config::name_of(way.mode)) + (way.bulk ? " in bulk" : "");
}

std::string match_of(const Way& way) {
  std::string out;
  for (const auto& field : way.match) out += (out.empty() ? "" : ", ") + field;
  return out;
}

}  // namespace

std::string_view name_of(Holds holds) {
  switch (holds) {
    case Holds::yes:
      return "ok";
    case Holds::no:
      return "FAILED";
    case Holds::not_applicable:
      return "not applicable";
  }
  die("a Holds without a name");
}

Result<std::vector<BehaviourResult>> rehearse_connector(connector::ConnectorRef connector) {
  auto connection =
      duck::Connection::open({.path = "", .memory_limit = "1GB", .temporary_directory = "", .threads = 1});
  if (!connection.ok()) return connection.error();
  std::vector<BehaviourResult> results;
  std::set<std::string> tried;
  for (const Way& way : ways_of(*connector)) {
    const BehaviourResult about{way.object, match_of(way), mode_of(way), "", Holds::yes, ""};
    auto stage = Stage::make(connector, way);
    if (!stage.ok() && way.bulk) continue;
    if (!stage.ok()) {
      BehaviourResult& none = results.emplace_back(about);
      none.behaviour = kModeIsOffered;
      none.holds = Holds::not_applicable;
      none.why = stage.error().message;
      continue;
    }
    Behaviours behaviours(*connection, *stage);
    const bool is_new = tried.insert(operations_of(*stage)).second;
    for (const auto& [name, behaviour] : Behaviours::all()) {
      if (!is_new && name != Behaviours::all().front().first) break;
      const Verdicted verdicted = behaviours.try_it(behaviour);
      BehaviourResult& result = results.emplace_back(about);
      result.behaviour = name;
      result.holds = verdicted.holds;
      result.why = verdicted.why;
    }
  }
  return results;
}

}  // namespace penstock::rehearse
