// The tables of a kind of warehouse: one sub-class a kind.
//
// In a schema of ours (docs/warehouse-planning.md):
//     syncs                 a line a sync: Head
//     SYNC_HASH_entries     a line a key: k0, k1, ... as in the model; key, digest; kStateColumns
//     SYNC_HASH_owners      plan/match_owners.h
//     SYNC_HASH_written     ledger/last_written.h
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/project.h"
#include "duck/duck.h"
#include "source/source.h"
#include "warehouse_plan/head.h"

namespace penstock {

// Quoted, with their schema.
struct TableNames {
  std::string schema, syncs, entries, owners, written;

  // Those of the sync, each with the table of a file here that holds its lines.
  struct Pair {
    std::string table, local;
  };
  std::array<Pair, 3> of_sync() const {
    return {Pair{entries, "entries"}, {owners, "owners"}, {written, "written"}};
  }
};

// What a push changes. In the DuckDB file `file`: the tables `entries` (k0, ..., key, digest, the state's
// columns, deleted), `owners` and `written` (key, the state's columns, deleted), each line the whole new
// state of a key.
struct Changes {
  std::string file;
  uint64_t base = 0;  // generation of the head that they start from; 0: there is none
  Head head;          // from now on
  size_t key_columns = 0;
  bool is_all = false;  // the tables hold nothing yet, or nothing that counts
};

struct Question;

struct ModelColumn {
  std::string name, type;  // the type as DuckDB writes it
};

// What a draw asks for: the first two are joined here where `entries` is not empty.
struct Statements {
  std::string candidates;  // as candidates_sql() says; or the model's part of it, without the last line
  std::string entries;     // the entries' part of it
  std::string total;       // the last line's two values
  std::string
      repeated;  // what candidates_sql() does not find: rows whose key several rows have; empty: it does
};

class PlanTables {
 public:
  virtual ~PlanTables() = default;
  const TableNames& names() const { return names_; }
  virtual Statements statements(const Question& question) const;
  // Lines of a table: key, the state's columns as texts, and of entries the digest and k0, k1, ...; with
  // `keys` (32 hexadecimal digits each), only of these.
  virtual std::string lines(const std::string& table, size_t key_columns,
                            const std::vector<std::string>* keys) const;
  // Of these columns of the row `alias`: 64 bits, never NULL.
  virtual std::string digest(std::string_view alias, const std::vector<std::string>& columns) const = 0;
  // What else digests depend on: two texts that differ mean digests that cannot be compared.
  virtual std::string digest_kind() const = 0;
  // What the model gives; said before anything is asked of these columns.
  void know(std::vector<ModelColumn> columns) { columns_ = std::move(columns); }
  // Of a column of the model.
  std::string_view type_of(std::string_view column) const;
  // Whether values of these columns can be kept as keys. Errors: `config`.
  virtual Result<void> check_keys(const std::vector<std::string>&) const { return success(); }
  // Nothing where this sync has no line, or there is no such table.
  virtual Result<std::optional<Head>> head() = 0;
  // Makes the schema, and the table of all syncs, if they are not there: what fails here fails before
  // anything is sent.
  virtual Result<void> prepare() = 0;
  // Makes the tables of the sync; `model` is its SELECT, whose key columns `keys` give the types.
  virtual Result<void> create(const std::string& model, const std::vector<std::string>& keys) = 0;
  // All at once, and only if the head still has the generation `base`; an error of kind `locked` otherwise.
  virtual Result<void> apply(const Changes& changes) = 0;
  // Says in the head that the sync is planned elsewhere from now on.
  virtual Result<void> leave() = 0;
  virtual void interrupt() = 0;

 protected:
  PlanTables(TableNames names, std::string project, std::string sync)
      : names_(std::move(names)), project_(std::move(project)), sync_(std::move(sync)) {}
  TableNames names_;
  std::string project_, sync_;

 private:
  std::vector<ModelColumn> columns_;
};

// The columns of a KeyState in all these tables, after `key`, with their types as PostgreSQL and DuckDB both
// write them.
struct StateColumn {
  std::string_view name, type;
};
inline constexpr StateColumn kStateColumns[] = {
    {"accepted", "bigint"}, {"gone", "boolean"},   {"foreign_record", "boolean"},
    {"shown_key", "text"},  {"record_id", "text"}, {"match_values", "text"},
    {"waiting", "text"}};
// One after the other, each as `form` says with its {name} and {type}.
std::string state_columns(std::string_view form = "{name}", std::string_view separator = ", ");

// "schema.sync_1a2b3c4d_" and so on; a name that no database finds too long.
std::string table_stem(const std::string& project, const std::string& sync);  // "sync_1a2b3c4d_"
TableNames table_names(const std::string& schema, const std::string& project, const std::string& sync);

// Of kind `locked`: the head is not what a push starts from.
Error pushed_by_another();

// Errors: `config` for a kind of source that cannot do it.
Result<std::unique_ptr<PlanTables>> open_plan_tables(const config::Source& source, const std::string& project,
                                                     const std::string& sync,
                                                     const declare::Resolver& resolver,
                                                     const OpenOptions& options);

}  // namespace penstock
