// What planner, snapshot and settle should do, said as simply as possible: a map from keys to what is known
// of them, and rules that are read off docs and not off the code.
#pragma once

#include <set>

#include "ledger/ledger.h"
#include "property/model.h"

namespace penstock::property {

struct TwinWait {
  Waiting::Kind kind = Waiting::Kind::row_rejected;
  std::optional<Payload> payload;  // that was refused; nullopt: of a removal of what is not known
  uint32_t attempts = 0;
  Time since{}, next_try{};
  uint64_t cause = 0;
  std::string code, message;
};

// What is known of one key.
struct TwinKey {
  std::optional<Payload> accepted;  // meaningful if `is_accepted` and not `unknown`
  bool is_accepted = false;
  bool unknown = false;  // the destination may hold anything
  bool gone = false, foreign = false;
  std::string record_id;
  Text match;
  std::optional<TwinWait> wait;
  MappingSpec mapping;  // that `accepted` was made with, or was moved to since

  bool holds(const Payload& payload) const { return is_accepted && !unknown && accepted == payload; }
};

// What a plan is asked.
struct PlanQuestion {
  Model model;
  MappingSpec mapping;
  std::vector<MappingSpec> remembered;  // older ones that the snapshot still knows
  bool has_score = true;                // the model's column; without it mappings that use it are of no help
  bool keys_only = false;
  bool everything = false;
  bool retry_waiting = false;
  std::optional<int64_t> only;
  uint64_t cause = 0;
  Time now{};
  OnRemoved on_removed = OnRemoved::ignore;
  bool forget_removed = false;
  bool follows = true;  // a record gets its row's new match value
};

struct TwinRow {
  std::string change, key, why;
  std::string send;  // '0' and '1' for each field; empty: all
  std::string record_id, match_before;
  Text match;
  std::vector<Text> fields;
  std::set<std::string> heir_of;    // keys that left, whose record this row is to have
  std::set<std::string> displaces;  // keys that are there, whose record it may be written to
  std::string takes_over;           // the same as the plan file says it
  std::optional<Payload> payload;   // nullopt: a removal of what is not known
  std::string show() const;
};

struct TwinPlan {
  PlanCounts counts;  // without to_send
  std::map<std::string, TwinRow> rows;
  std::set<std::string> forget, gone, returned, unchanged;
  std::set<std::string> invalid;  // as people see them
};

// One row's outcome, as the journal gets it.
struct TwinOutcome {
  TwinRow row;
  RowOutcome outcome;
};

class Twin {
 public:
  TwinPlan plan(const PlanQuestion& question) const;

  // What settling does. `silent`: the run itself settles, so that its plan is still known.
  void settle(const PlanQuestion& question, const TwinPlan& plan, const std::vector<TwinOutcome>& outcomes,
              bool hold_doubt, bool silent, Time now);

  const std::map<std::string, TwinKey>& keys() const { return keys_; }

 private:
  // Keys of which it is not known any more what the destination has.
  std::set<std::string> take_others(const TwinOutcome& settled);
  void take(const PlanQuestion& question, const TwinOutcome& settled, bool hold_doubt, Time now);
  void claim(const TwinRow& row);
  void wait(TwinKey& key, Waiting::Kind kind, const TwinOutcome& settled, uint64_t cause, Time now);

  std::map<std::string, TwinKey> keys_;
  // In the run that is settled: keys whose record is another one's by now, with that record.
  std::map<std::string, std::string> lost_;
  std::map<std::string, std::string>
      owners_;  // match value in lower case -> the key that it was last written for
};

}  // namespace penstock::property
