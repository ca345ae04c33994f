// A sync's match and fields as SQL over its model: expressions that yield payload values, with known types.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/project.h"
#include "duck/duck.h"
#include "payload/payload.h"
#include "transform/transform.h"

namespace penstock {

using WritePolicy = config::Write;
std::string_view name_of(WritePolicy policy);

// One value of a row: an SQL expression over the model's columns that yields payload form.
struct MappedColumn {
  std::string name;  // the model's column (keys), or the destination's field (match, fields)
  std::string sql;
  ValueType type;
  std::string warehouse_type;  // as the source calls it: DECIMAL(10,2)
  bool personal = false;       // masked wherever values are kept or shown
  bool converted = false;      // a value that could not be converted stands there as transform::failure_in()
};

struct MappedField : MappedColumn {
  WritePolicy write = WritePolicy::always;
  bool omit_null = false;  // a NULL is left out of the payload; else it clears the field
  bool fingerprinted() const { return write != WritePolicy::on_create; }
  // Whether it is written depends on what the record holds.
  bool conditional() const { return write == WritePolicy::if_empty || write == WritePolicy::if_unchanged; }
  // What was accepted on a condition may never have been written: the same value under another policy is not
  // the same payload.
  std::string fingerprint_name() const {
    return conditional() ? name + "\n" + std::string(name_of(write)) : name;
  }
};

// How rows become payloads: what fingerprints were made with.
struct Mapping {
  std::vector<MappedColumn> match;
  std::vector<MappedField> fields;
  // JSON that says the same for the snapshot's manifest: two mappings with one description are the same.
  std::string description() const;
};

struct MappedModel {
  std::string relation;  // what stands behind FROM: a sub-query over the source
  std::vector<MappedColumn> keys;
  Mapping mapping;
  // Earlier mappings that rows of the snapshot were accepted with and that can still be evaluated.
  std::vector<Mapping> older;
};

// What a destination says of one of its fields.
struct FieldFacts {
  transform::Transforms convert;  // what values pass after the sync's own transforms
  std::string escape;             // of what a template inserts: a choice of the transform of that name
  bool personal = false;
};
using FieldFactsOf = std::function<FieldFacts(std::string_view field)>;

// Resolves a sync's match and fields against the columns of its model. Everything that is wrong goes to
// `diagnostics`, at the very field: a column that is not there, SQL that does not fit, a key that is missing.
// `shape` is what stands behind FROM when the types of expressions are asked for. `relation` and `older` are
// not filled: the latter see evaluable_mappings(). The connection must know define_transform_functions().
MappedModel map_model(duck::Connection& connection, const std::string& shape,
                      const std::vector<duck::Column>& columns, const config::Model& model,
                      const config::Sync& sync, declare::Diagnostics& diagnostics,
                      const FieldFactsOf& field_facts = {});

// Reads Mapping::description() texts (a JSON array of them) and keeps those that the relation can evaluate.
std::vector<Mapping> evaluable_mappings(duck::Connection& connection, const std::string& shape,
                                        std::string_view descriptions, const Mapping& current);

// Types an expression over such a shape. The error is DuckDB's own.
Result<MappedColumn> map_expression(duck::Connection& connection, const std::string& shape, std::string name,
                                    const std::string& expression);

// FingerprintFields of a mapping, in the order: match, then fields that count.
std::vector<FingerprintField> fingerprint_fields(const Mapping& mapping);

}  // namespace penstock
