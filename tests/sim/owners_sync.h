// What a story of owners is about: a sync that reads before it writes, and the rows of its model.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"

namespace penstock::sim {

using Value = std::optional<std::string>;  // nullopt: NULL

struct OwnedField {
  std::string name;
  std::string write = "always";  // always, on_create, if_empty, if_unchanged
  bool omit_null = false;
};

// The mapped field that holds the row's key; always there, and always written.
inline constexpr const char* kOwnedKey = "p_key";

struct OwnedRow {
  int64_t id = 0;
  std::string match;  // an email address, a name, a record's id
  std::map<std::string, Value> values;
  std::string key() const { return std::to_string(id); }
};
using OwnedRows = std::vector<OwnedRow>;

struct OwnersSync {
  std::string object, match_field, match_kind, mode;
  std::string on_removed = "ignore", match_change = "follow";
  std::vector<OwnedField> fields;  // the key first
  bool keeps_before = true, skips_equal = false;
  uint64_t batch_rows = 100, concurrency = 1;

  static OwnersSync draw(Random& random);
  const OwnedField* field(const std::string& name) const;
  bool deletes_removed() const { return mode == "mirror" || on_removed == "delete"; }
  bool clears_removed() const { return mode != "mirror" && on_removed == "clear"; }
  bool makes_records() const { return mode != "update"; }
  // What is written of that field for the row; nullopt: nothing.
  Value written(const OwnedRow& row, const OwnedField& field) const;
  // The project's files by path.
  std::map<std::string, std::string> files(const OwnedRows& rows, const std::string& state) const;
  std::string show() const;
};

// The rows, changed as pipelines change them. Values are told apart by their numbers, but for a few.
class OwnersModel {
 public:
  // `matches`: what rows may be matched on.
  OwnersModel(Random& random, const OwnersSync& sync, std::vector<std::string> matches);
  void change();
  const OwnedRows& rows() const { return rows_; }
  const OwnedRow* row(const std::string& key) const;
  const std::string& some_match() { return matches_[random_.below(matches_.size())]; }
  std::string show() const;

 private:
  Value fresh_value();
  void add(int64_t id);
  void alter(OwnedRow& row);
  void note_owners();
  std::optional<std::string> free_match(int64_t id);

  Random& random_;
  const OwnersSync& sync_;
  std::vector<std::string> matches_;
  OwnedRows rows_;
  std::map<int64_t, OwnedRow> left_;       // as they were when they left
  std::map<std::string, int64_t> owners_;  // whose a match value was last
  uint64_t values_ = 0;
};

}  // namespace penstock::sim
