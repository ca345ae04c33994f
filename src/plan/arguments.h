// Which of a row's values are handed to the planner's functions, and where each stands among them: in the
// order of keys, match, fields, then match and fields of each older mapping, but each expression only once. A
// key that is mapped too, a match that is a field too, an older mapping that is mostly the current one:
// DuckDB unpacks a column anew for each argument.
#pragma once

#include <string>
#include <vector>

#include "mapping/mapping.h"
#include "snapshot/snapshot.h"

namespace penstock {

// One mapping's columns among the arguments, and how they are hashed.
struct MappingArguments {
  struct One {
    size_t index;
    ValueType type;
    FingerprintField hash;
    bool omits_null = false;   // a NULL is left out of the payload
    bool if_empty = false;     // written only where nothing is
    bool conditional = false;  // what was accepted may never have been written
  };
  std::vector<One> match;
  std::vector<One> fields;          // all of them, in the mapping's order
  std::vector<bool> fingerprinted;  // of fields
  std::vector<std::string> names;   // of fields

  // The fingerprint's sum of the row.
  uint64_t sum(std::span<const duck::Vector> arguments, size_t row) const;
  void add_to(uint64_t* sums, std::span<const duck::Vector> arguments, size_t rows) const;
};

// Rows as a snapshot knows them: the three belong to each other, row by row.
struct ProbedRows {
  std::vector<KeyHash> keys;
  std::vector<Fingerprint> fingerprints;
  std::vector<Probe> places;
};

struct Arguments {
  struct Key {
    size_t index;
    ValueType type;
  };
  std::vector<Key> keys;
  MappingArguments current;
  std::vector<MappingArguments> older;
  std::vector<std::string> expressions;  // the arguments' SQL

  static Arguments of(const MappedModel& model);
  std::vector<Values> key_values(std::span<const duck::Vector> arguments) const;
  // Of the current mapping. Allocates: for what is not called for every row of a model (plan/probe.h).
  Result<ProbedRows> probe(const Snapshot& snapshot, std::span<const duck::Vector> arguments,
                           size_t rows) const;
};

// The expressions, each under the alias a0, a1, ...: "x AS a0, y AS a1".
std::string argument_select_list(const Arguments& arguments);
// "a0, a1, ...".
std::string argument_names(const Arguments& arguments);

}  // namespace penstock
