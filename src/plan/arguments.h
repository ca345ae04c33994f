// The order in which a row's values are handed to the planner's functions: keys, match, fields, then match
// and fields of each older mapping.
#pragma once

#include <string>
#include <vector>

#include "mapping/mapping.h"

namespace penstock {

// One mapping's columns among the arguments, and how they are hashed.
struct MappingArguments {
  struct One {
    size_t index;
    ValueType type;
    FingerprintField hash;
    bool omits_null = false;  // a NULL is left out of the payload
  };
  std::vector<One> match;
  std::vector<One> fields;          // all of them, in the mapping's order
  std::vector<bool> fingerprinted;  // of fields
  std::vector<std::string> names;   // of fields

  // The fingerprint's sum of the row.
  uint64_t sum(std::span<const duck::Vector> arguments, size_t row) const;
  void add_to(uint64_t* sums, std::span<const duck::Vector> arguments, size_t rows) const;
};

struct Arguments {
  std::vector<ValueType> keys;  // the first arguments
  MappingArguments current;
  std::vector<MappingArguments> older;

  static Arguments of(const MappedModel& model);
  std::vector<Values> key_values(std::span<const duck::Vector> arguments) const;
};

// The expressions of all arguments, each under the alias a0, a1, ...: "x AS a0, y AS a1".
std::string argument_select_list(const MappedModel& model);
// "a0, a1, ...".
std::string argument_names(const MappedModel& model);

}  // namespace penstock
