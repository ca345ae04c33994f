// POST …/search: the query as HubSpot's filters say it, and the records that fit.
#pragma once

#include <simdjson.h>

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/hubspot/object_type.h"
#include "sandbox/hubspot/reply.h"

namespace penstock::sandbox::hubspot {

enum class Operator {
  eq,
  neq,
  lt,
  lte,
  gt,
  gte,
  between,
  in,
  not_in,
  has_property,
  not_has_property,
  contains_token,
  not_contains_token,
};

struct Filter {
  std::string property;
  Operator op;
  std::vector<std::string> values;  // one, two for `between`, any number for in and not_in, none for has
};

struct Sort {
  std::string property;
  bool descending = false;
};

struct SearchQuery {
  std::vector<std::vector<Filter>> groups;  // any group, all filters of it; none: every record
  std::vector<Sort> sorts;                  // HubSpot takes one
  std::vector<std::string> properties;
  std::string text;  // in any of the main properties
  size_t limit = 10;
  size_t after = 0;
};

// A refusal: the body is unreadable, or past one of HubSpot's bounds.
std::optional<Refusal> parse_search(simdjson::dom::object document, const ObjectType& object, bool strict,
                                    SearchQuery& query);

// The records that fit, in the order asked for; by id when none was.
std::vector<RecordNumber> find_records(const SearchQuery& query, ObjectType& object, Time now);

// Texts are compared in lower case, numbers and moments by their size; what cannot be read is less than all.
std::partial_ordering compare_values(ValueType type, std::string_view a, std::string_view b);

// Whether a value passes a filter. A record without the property has the value "", which passes only
// not_has_property.
bool passes(const Filter& filter, ValueType type, std::string_view value);

}  // namespace penstock::sandbox::hubspot
