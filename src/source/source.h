// Opens models: from a source in the project to a relation that DuckDB can scan. The face of this folder.
#pragma once

#include <memory>
#include <string>

#include "config/project.h"
#include "duck/duck.h"

namespace penstock {

// The kinds of sources that there are, with their settings: for loading a project.
const config::Kinds& source_kinds();

struct OpenOptions {
  std::string project_directory;    // relative paths start there
  std::string temporary_directory;  // where DuckDB may spill
  int threads = 0;                  // 0: as many as there are cores
  bool sifts = false;               // a query gives few rows of the many that it looks at
  std::string subject = {};         // of errors while rows come: set by this folder
};

// A database in memory with the model's source attached to it, read-only, and our payload functions defined.
// It belongs to one plan or one question: temporary tables may be made in it.
struct OpenedModel {
  std::unique_ptr<duck::Database> database;
  std::unique_ptr<duck::Connection> connection;
  std::string relation;  // what stands behind FROM
  // An empty table with the relation's columns. What an expression gives is asked of it: that takes a tenth
  // of the time which a long model takes to be understood once more.
  std::string shape;
  std::vector<duck::Column> columns;  // of the relation
};

// Errors: `config` with the place, when the model's SQL or table does not fit the source; `source` when the
// source cannot be read.
Result<OpenedModel> open_model(const config::Project& project, const config::Model& model,
                               const declare::Resolver& resolver, const OpenOptions& options);

// A model's SELECT, in the SQL of its source.
Result<std::string> model_sql(const config::Project& project, const config::Model& model,
                              const declare::Resolver& resolver, const OpenOptions& options);
// The same of any SELECT in the source's own SQL.
Result<OpenedModel> open_sql(const config::Source& source, const std::string& sql,
                             const declare::Resolver& resolver, const OpenOptions& options);

// The first rows of a model, as people see them. Values of its columns in `pii` are masked.
struct Preview {
  std::vector<duck::Connection::TextRow> texts;  // a text for each column; nullopt: NULL
  std::vector<std::string> json;                 // the same rows as JSON objects
};
Result<Preview> preview(OpenedModel& opened, const config::Model& model, size_t rows);

// A table or view of a source, as a model's `table:` names it.
struct SourceTable {
  std::string name;     // "public.customers"
  std::string comment;  // empty: none
};

// For `discover` and `check --connect`: whether the source can be read, and what is there.
Result<std::vector<SourceTable>> list_tables(const config::Source& source, const declare::Resolver& resolver,
                                             const OpenOptions& options);
Result<std::vector<duck::Column>> describe_table(const config::Source& source, const std::string& table,
                                                 const declare::Resolver& resolver,
                                                 const OpenOptions& options);

}  // namespace penstock
