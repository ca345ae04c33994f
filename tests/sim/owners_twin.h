// The naive twin of a story of owners: hears every request of ours and everything that others do, keeps who
// wrote what and what we had seen by then, and says what must not have happened.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/http.h"
#include "net/http_server.h"
#include "sim/destination.h"
#include "sim/owners_sync.h"

namespace penstock::sim {

// What a record held when we read it.
struct Sight {
  bool exists = false;
  std::map<std::string, std::string> fields;  // without the empty ones
  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
  }
  bool operator==(const Sight&) const = default;
};

// A value that a run put in the place of another one.
struct Overwritten {
  std::string seen, sent;
};

struct MadeRecord {
  std::string match;
  std::map<std::string, std::string> fields;  // as we wrote them last
  bool told = false;                          // the reply that says so reached the process
};

struct RemovedRecord {
  std::string match;
  Sight seen;  // before
};

// What one run did, as it was heard on the wire.
struct HeardRun {
  std::string id;  // the engine's; empty: it never came so far as to have one
  bool is_undo = false, with_created = false, died = false;
  size_t undoes = 0;                                                      // the number of the run
  std::map<std::pair<std::string, std::string>, Overwritten> overwrites;  // by record and field
  std::map<std::string, MadeRecord> made;
  std::map<std::string, RemovedRecord> removed;
  std::map<std::string, Sight> seen;  // the last one of each record
  std::set<std::string> absent;       // match values that nothing was found by
  uint64_t written = 0;               // records
};

class OwnersTwin {
 public:
  OwnersTwin(const OwnersSync& sync, Destination& destination) : sync_(sync), destination_(destination) {}

  // A run begins; what is heard from here on is its doing.
  void begin_run();
  void begin_undo(size_t run, bool with_created);
  // Nothing that is heard belongs to a run: a plan, a look.
  void begin_look();
  HeardRun& heard() { return runs_.back(); }
  const std::vector<HeardRun>& runs() const { return runs_; }
  // The undo came to an orderly end, and nothing of it was refused: all that it could put back it has.
  void check_undone();

  // The request takes effect; `exchange`: its number.
  ServerReply arrived(const HttpRequest& request, uint64_t& exchange);
  // Its reply reached the process.
  void replied(uint64_t exchange);

  // Other writers.
  void others_write(const std::string& record, const std::string& field, const std::string& value);
  std::string others_create(const std::map<std::string, std::string>& fields);
  void others_delete(const std::string& record);

  std::map<std::string, Record> live() const;
  bool has_match(const Record& record, const std::string& match) const;
  // What we wrote last to that field of that record for the row with this key; nullptr: nothing.
  const std::string* last_ours(const std::string& record, const std::string& field,
                               const std::string& key) const;
  bool is_ours(const std::string& record) const { return ours_.contains(record); }
  void problem(std::string text) { problems_.push_back(std::move(text)); }
  const std::vector<std::string>& problems() const { return problems_; }
  uint64_t requests() const { return exchanges_.size(); }
  uint64_t rows_written() const { return rows_written_; }
  // Edits of others that came between our reading and our writing, and were lost: the API leaves that window.
  uint64_t lost_in_window() const { return lost_in_window_; }

 private:
  using Fields = std::map<std::string, std::string>;
  using Records = std::map<std::string, Record>;
  // What a reply tells, once it is delivered.
  struct Exchange {
    size_t run = 0;
    std::map<std::string, Sight> seen;
    std::set<std::string> absent;
    std::vector<std::string> made;
  };
  struct SentInput {
    std::string operation, id;
    Fields fields;
  };

  Sight sight_of(const Record& record) const;
  void hear_reading(const HttpRequest& request, Exchange& exchange) const;
  void hear_asked(const std::string& asked, bool by_id, const Records& records, Exchange& exchange) const;
  void hear_write(const SentInput& input, const Records& before, const Records& after, Exchange& exchange);
  const Record* meant(const SentInput& input, const Records& records) const;
  void hear_update(const SentInput& input, const Record& before, bool in_effect);
  void hear_creation(const SentInput& input, const Records& before, const Records& after, Exchange& exchange);
  void hear_removal(const Record& before, bool in_effect);
  void check_update(const SentInput& input, const Record& before);
  void check_own_field(const Record& before, const std::string& field, const std::string& value);
  void check_undo_field(const Record& before, const std::string& field, const std::string& value);
  bool was_sent(const std::string& record, const std::string& field, const std::string& value) const;
  void check_undo_creation(const SentInput& input, const std::string& match);
  void check_undo_removal(const Record& before);
  void check_put_back(const Records& records);
  void check_made_again(const Records& records);
  void check_removed_again(const Records& records);
  const Sight* seen(const std::string& record) const;
  bool was_ever_ours(const std::string& record, const std::string& field, const std::string& value) const;
  bool is_unchanged(const MadeRecord& made, const Sight& seen) const;
  void note_ours(const std::string& record, const Fields& fields);
  void inherit(const std::string& record, const std::string& match);
  const HeardRun& undone() const { return runs_[runs_.back().undoes]; }
  std::string name() const;

  const OwnersSync& sync_;
  Destination& destination_;
  bool looking_ = false;
  std::vector<HeardRun> runs_;
  std::vector<Exchange> exchanges_;
  std::set<std::string> ours_;  // records that we wrote to
  std::map<std::pair<std::string, std::string>, std::set<std::string>> ever_ours_;
  std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>> last_ours_;  // by key
  std::vector<std::string> problems_;
  std::set<std::string> doubted_;  // match values that we perhaps made records for
  uint64_t rows_written_ = 0, lost_in_window_ = 0;
};

}  // namespace penstock::sim
