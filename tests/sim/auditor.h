// Hears every request and every reply of a story and says what must not have happened. It trusts nothing of
// the engine but what the engine put on the wire and into its snapshot.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/disk.h"
#include "net/http.h"
#include "net/http_server.h"
#include "sim/destination.h"
#include "sim/scenario.h"

namespace penstock::sim {

// One row of a write request.
struct SentRow {
  std::string operation;  // create, update, upsert, archive
  std::string id;         // the record's, or the match value of an upsert
  std::string trace;
  std::map<std::string, std::string> fields;
  std::string key;           // of the model's row; empty: none could be told
  bool made_record = false;  // by an upsert of some fields: the rest follows in a request of its own
  bool in_effect = false;
  bool delivered = false;  // a whole reply that says so reached the process
};

class Auditor {
 public:
  Auditor(const Scenario& scenario, Destination& destination)
      : scenario_(scenario), destination_(destination) {}

  // A life of the process begins, on this edition of the model. `insists`: a person asked for rows whose fate
  // is in doubt.
  void begin_life(const Edition& edition, bool insists);
  void sent(const HttpRequest& request, Instant now, size_t process);
  ServerReply arrived(const HttpRequest& request, Instant now, uint64_t& exchange);
  void replied(const HttpRequest& request, uint64_t exchange, const HttpReply& reply, Instant now,
               size_t process);
  // The life came to its orderly end: what the destination accepted, and the process was told, is recorded.
  void check_recorded(Disk& disk, const std::string& snapshot);
  // All has settled: the destination is what the model says.
  void check_end();
  // Others changed what they should not have: the destination need not be what was written.
  void note_rough_hand() { roughly_handled_ = true; }
  void note_made_by_others(const std::string& match) { matches_of_others_.insert(lowered(match)); }
  bool was_roughly_handled() const { return roughly_handled_; }
  void problem(std::string text);

  const std::vector<std::string>& problems() const { return problems_; }
  uint64_t requests() const { return requests_; }
  uint64_t rows_written() const { return rows_written_; }

 private:
  struct Exchange {
    uint64_t first_row = 0, rows = 0;  // of rows_
  };
  std::string group_of(const HttpRequest& request) const;
  void check_rate(const std::string& group, Instant now);
  std::vector<SentRow> read_rows(const HttpRequest& request, const std::vector<Record>& before) const;
  std::string key_of_row(const SentRow& row, const std::vector<Record>& before) const;
  void take_effects(std::vector<SentRow>& rows, const ServerReply& reply) const;
  bool is_left_behind(const SentRow& row, const std::vector<Record>& before);
  void check_write(const SentRow& row, const std::vector<Record>& before);
  void check_archive(const SentRow& row, const std::vector<Record>& before);
  void check_creation(const SentRow& row, const std::vector<Record>& before);
  void check_present(const std::string& key, const std::vector<Record>& records);
  bool met_anothers(const std::string& key);
  void check_absent(const std::vector<Record>& records);
  void check_values(const Customer& customer, const Record& record);
  const Record* find_record(const Customer& customer, const std::vector<Record>& records) const;
  bool has_match(const Record& record, const std::string& match) const;

  const Scenario& scenario_;
  Destination& destination_;
  Edition edition_;
  // The match value that each key had last, and those before: with `match_change: new` their records stay.
  std::map<std::string, std::string> last_match_;
  std::map<std::string, std::set<std::string>> left_matches_;
  std::set<std::string> matches_of_others_;  // of records that others made
  bool insists_ = false;
  // Keys that a person asked for again and that were not made then: they still may be, once.
  std::set<std::string> insisted_;
  uint64_t life_ = 0;
  std::vector<SentRow> rows_;  // of this life
  std::vector<Exchange> exchanges_;
  std::map<std::string, std::deque<Instant>> arrivals_;             // of this life, by limit
  std::map<std::pair<size_t, std::string>, Instant> paused_until_;  // the same, of each process
  std::map<std::string, uint64_t> creations_;                       // that took effect, by key
  bool roughly_handled_ = false;
  std::vector<std::string> problems_;
  uint64_t requests_ = 0, rows_written_ = 0;
};

}  // namespace penstock::sim
