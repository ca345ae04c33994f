// The statements of planning, made from the facts of a dialect. Pure text.
//
// All columns of ours are quoted in lower case, all aliases are single letters; a hash or a flag is never
// compared with IS DISTINCT FROM, nor is a flag cast to a text: not all of them know how.
#pragma once

#include <string>
#include <vector>

#include "source/dialect.h"
#include "warehouse_plan/questions.h"
#include "warehouse_plan/tables.h"

namespace penstock {

// A table of ours that takes lines as texts, before they take the places of those of `target`.
struct Stage {
  std::string table;               // its name
  std::string name;                // quoted, with its schema
  std::string target;              // the table that it is for
  std::vector<std::string> casts;  // of entries: the type of each key column
  bool is_entries = false;
};

class DialectSql {
 public:
  // `schema` and the tables' names, not quoted yet.
  DialectSql(const Dialect& dialect, std::string schema, std::string stem, std::string project,
             std::string sync);

  const Dialect& dialect() const { return dialect_; }
  TableNames names() const;
  const std::string& schema() const { return schema_; }
  Stage stage(const TableNames::Pair& of, std::string_view mark) const;

  std::string there() const;
  std::vector<std::string> prepare() const;
  std::vector<std::string> create(const std::string& model, const std::vector<std::string>& keys) const;
  std::string where_head() const;
  std::string head() const;
  // Makes the line of the sync what `head` says, where it says `base`.
  std::string put_head(const Head& head, uint64_t base) const;
  // How many lines of the sync say that they are this run's: 1, or somebody else was there.
  std::string count_ours(const Head& head) const;
  std::string leave() const;

  std::string candidates(const Question& question) const;
  std::string repeated(const Question& question) const;
  std::string lines(const std::string& table, size_t key_columns, const std::vector<std::string>* keys) const;
  std::string digest(std::string_view alias, const std::vector<std::string>& columns) const;

  // Columns of a stage: k0, ..., key, digest, the state's, deleted; without key columns those of the others.
  std::vector<std::string> stage_columns(const Stage& stage) const;
  std::vector<std::string> make_stage(const Stage& stage) const;
  std::string drop_stage(const Stage& stage) const;
  std::string insert_into(const Stage& stage) const;  // without its values
  // `is_all`: the target is empty.
  std::vector<std::string> replace(const Stage& stage, bool is_all) const;

 private:
  std::string q(std::string_view name) const { return dialect_.name_of(name); }
  std::string in_schema(const std::string& table) const { return q(schema_) + "." + q(table); }
  std::string null_of(const std::string& type) const;
  std::string as_text(const std::string& value) const;
  std::string flag_text(const std::string& flag) const;
  std::string entry_columns(const Question& question) const;
  std::string no_entry_columns(const Question& question) const;
  std::string candidate_columns(const Question& question) const;
  std::string digested(const Question& question) const;
  std::string same_key(const Question& question, std::string_view row) const;
  std::string rowless(const Question& question) const;
  std::string total(const Question& question) const;
  std::string staged(const Stage& stage) const;

  const Dialect& dialect_;
  std::string schema_, stem_, project_, sync_;
};

}  // namespace penstock
