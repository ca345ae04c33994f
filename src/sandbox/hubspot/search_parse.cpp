// From the body of a search to a query within HubSpot's bounds.
#include <fmt/format.h>

#include <charconv>

#include "sandbox/hubspot/body.h"
#include "sandbox/hubspot/search.h"

namespace penstock::sandbox::hubspot {
namespace {

namespace json = simdjson::dom;

constexpr size_t kGroupsMax = 5;
constexpr size_t kFiltersOfGroupMax = 10;
constexpr size_t kFiltersMax = 25;
constexpr size_t kSearchPageMax = 200;
constexpr size_t kResultsMax = 10'000;

struct OperatorName {
  std::string_view name;
  Operator op;
  size_t values_min;
  size_t values_max;
};
constexpr OperatorName kOperators[] = {
    {"EQ", Operator::eq, 1, 1},
    {"NEQ", Operator::neq, 1, 1},
    {"LT", Operator::lt, 1, 1},
    {"LTE", Operator::lte, 1, 1},
    {"GT", Operator::gt, 1, 1},
    {"GTE", Operator::gte, 1, 1},
    {"BETWEEN", Operator::between, 2, 2},
    {"IN", Operator::in, 1, SIZE_MAX},
    {"NOT_IN", Operator::not_in, 1, SIZE_MAX},
    {"HAS_PROPERTY", Operator::has_property, 0, 0},
    {"NOT_HAS_PROPERTY", Operator::not_has_property, 0, 0},
    {"CONTAINS_TOKEN", Operator::contains_token, 1, 1},
    {"NOT_CONTAINS_TOKEN", Operator::not_contains_token, 1, 1},
};

const OperatorName* find_operator(std::string_view name) {
  for (const OperatorName& known : kOperators) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

// `value`, `highValue` and `values` of a filter, whichever its operator takes.
bool read_values(json::object object, const OperatorName& op, std::vector<std::string>& values) {
  if (op.values_max == SIZE_MAX)
    return !take_names(object, "values", values) && values.size() >= op.values_min;
  for (const char* member : {"value", "highValue"}) {
    if (values.size() == op.values_max) break;
    std::string_view value;
    if (object[member].get(value) != simdjson::SUCCESS) return false;
    values.emplace_back(value);
  }
  return true;
}

std::optional<Refusal> read_filter(json::element element, const ObjectType& object, bool strict,
                                   Filter& filter) {
  json::object members;
  std::string_view property;
  std::string_view name;
  if (element.get(members) != simdjson::SUCCESS ||
      members["propertyName"].get(property) != simdjson::SUCCESS ||
      members["operator"].get(name) != simdjson::SUCCESS) {
    return unreadable("a filter needs 'propertyName' and 'operator'");
  }
  const OperatorName* op = find_operator(name);
  if (op == nullptr) return invalid(fmt::format("Invalid filter operator '{}'", name));
  filter.property = property;
  filter.op = op->op;
  if (!read_values(members, *op, filter.values)) {
    return invalid(fmt::format("Filter on '{}': operator {} lacks its value or values", property, name));
  }
  if (!strict || object.find(property) != nullptr) return std::nullopt;
  const NamedProblem unknown{
      filter.property, {"PROPERTY_DOESNT_EXIST", fmt::format("Property \"{}\" does not exist", property)}};
  return refuse_values({&unknown, 1});
}

std::optional<Refusal> read_group(json::element element, const ObjectType& object, bool strict,
                                  std::vector<Filter>& group) {
  json::array filters;
  if (element["filters"].get(filters) != simdjson::SUCCESS)
    return unreadable("a filter group has no 'filters'");
  if (filters.size() > kFiltersOfGroupMax) {
    return invalid(fmt::format("A filter group has {} filters, at most {} are allowed", filters.size(),
                               kFiltersOfGroupMax));
  }
  for (const json::element filter : filters) {
    if (auto refusal = read_filter(filter, object, strict, group.emplace_back())) return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> read_groups(json::object document, const ObjectType& object, bool strict,
                                   SearchQuery& query) {
  json::array groups;
  const auto member = document["filterGroups"];
  if (member.error() != simdjson::SUCCESS) return std::nullopt;
  if (member.get(groups) != simdjson::SUCCESS) return unreadable("'filterGroups' must be an array");
  if (groups.size() > kGroupsMax) {
    return invalid(fmt::format("{} filter groups, at most {} are allowed", groups.size(), kGroupsMax));
  }
  size_t filters = 0;
  for (const json::element group : groups) {
    if (auto refusal = read_group(group, object, strict, query.groups.emplace_back())) return refusal;
    filters += query.groups.back().size();
  }
  if (filters > kFiltersMax)
    return invalid(fmt::format("{} filters, at most {} are allowed", filters, kFiltersMax));
  return std::nullopt;
}

// "amount", "-amount" or {"propertyName":"amount","direction":"DESCENDING"}.
std::optional<Refusal> read_sort(json::element element, Sort& sort) {
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) {
    sort.descending = text.starts_with('-');
    sort.property = text.substr(sort.descending);
    return std::nullopt;
  }
  if (element["propertyName"].get(text) != simdjson::SUCCESS)
    return unreadable("a sort has no 'propertyName'");
  sort.property = text;
  std::string_view direction = "ASCENDING";
  json::object sort_object;
  if (element.get(sort_object) != simdjson::SUCCESS)
    return unreadable("a sort must be a string or an object");
  if (auto refusal = take_text(sort_object, "direction", direction)) return refusal;
  sort.descending = direction == "DESCENDING";
  return std::nullopt;
}

std::optional<Refusal> read_sorts(json::object document, SearchQuery& query) {
  json::array sorts;
  const auto member = document["sorts"];
  if (member.error() != simdjson::SUCCESS) return std::nullopt;
  if (member.get(sorts) != simdjson::SUCCESS) return unreadable("'sorts' must be an array");
  if (sorts.size() > 1) return invalid("Only one sort is allowed");
  for (const json::element sort : sorts) {
    if (auto refusal = read_sort(sort, query.sorts.emplace_back())) return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> read_page(json::object document, SearchQuery& query) {
  uint64_t limit = query.limit;
  if (const auto given = document["limit"]; given.error() == simdjson::SUCCESS) {
    if (given.get(limit) != simdjson::SUCCESS || limit > kSearchPageMax) {
      return invalid(fmt::format("'limit' must be a number up to {}", kSearchPageMax));
    }
  }
  query.limit = limit;
  std::string_view after;
  if (const auto given = document["after"]; given.error() == simdjson::SUCCESS) {
    if (given.get(after) != simdjson::SUCCESS) return unreadable("'after' must be a string");
    const auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), query.after);
    const bool whole = end == after.data() + after.size();
    if (!after.empty() && (error != std::errc() || !whole)) return invalid("'after' must be a number");
  }
  if (query.after + query.limit <= kResultsMax) return std::nullopt;
  return invalid(
      fmt::format("A search gives at most {} results: 'after' and 'limit' reach beyond", kResultsMax));
}

}  // namespace

std::optional<Refusal> parse_search(json::object document, const ObjectType& object, bool strict,
                                    SearchQuery& query) {
  if (auto refusal = read_groups(document, object, strict, query)) return refusal;
  if (auto refusal = read_sorts(document, query)) return refusal;
  if (auto refusal = read_page(document, query)) return refusal;
  if (auto refusal = take_names(document, "properties", query.properties)) return refusal;
  std::string_view text;
  if (document["query"].get(text) == simdjson::SUCCESS) query.text = lower_ascii(text);
  return std::nullopt;
}

}  // namespace penstock::sandbox::hubspot
