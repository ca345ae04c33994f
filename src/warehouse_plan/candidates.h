// The file that a draw leaves here: what left the warehouse.
//
// Tables: `candidates` (questions.h, without the last line), `kept` (entries whose rows stayed, but whose
// match values matter), `owners` and `written` (those that matter), each as it was in the warehouse.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "duck/duck.h"
#include "mapping/mapping.h"

namespace penstock {

// What the last line of candidates_sql() and the number of the others say.
struct CandidateCounts {
  uint64_t total = 0;       // rows of the model
  uint64_t generation = 0;  // of the head, at that moment
  uint64_t rows = 0;        // of the model that came
  uint64_t entries = 0;     // that came, and are not gone
};

// Writes the rows of `relation` into the file, as the table `table`, or after its rows.
Result<void> keep_rows(duck::Connection& connection, const std::string& relation, const std::string& file,
                       const std::string& table, bool append);
// Makes `candidates` of `drawn_rows` and `drawn_entries`, which are joined on the key columns.
Result<void> join_candidates(const std::string& file, const std::vector<std::string>& keys);
// The last line of candidates_sql(), out of the table `drawn_total`.
Result<void> add_total(const std::string& file);
// Of a connection that has the file open as `drawn`.
Result<CandidateCounts> count_candidates(duck::Connection& connection);

// Match values, hashed as plan/match_owners.h does, of candidates that may get into the way of other rows:
// new ones, those that left, that have another match value now, or of which it is not known what is there.
Result<std::vector<std::string>> matches_to_look_up(duck::Connection& connection, const MappedModel& mapped);

}  // namespace penstock
