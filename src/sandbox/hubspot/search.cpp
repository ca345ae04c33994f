// The records that fit a query, found through the table's indexes where a filter names values.
#include "sandbox/hubspot/search.h"

#include <algorithm>
#include <numeric>

#include "sandbox/hubspot/body.h"
#include "sandbox/hubspot/records.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

// A record as a search sees it: possibly as it was before its latest writes.
struct Seen {
  const ObjectType& object;
  RecordNumber number;
  const Record& record;

  std::string value(std::string_view property) const { return value_of(object, number, record, property); }
};

ValueType type_of(const ObjectType& object, std::string_view property) {
  const PropertyDefinition* definition = object.find(property);
  return definition == nullptr ? ValueType::text : definition->value_type;
}

bool fits_group(const std::vector<Filter>& group, const Seen& seen) {
  return std::all_of(group.begin(), group.end(), [&](const Filter& filter) {
    return passes(filter, type_of(seen.object, filter.property), seen.value(filter.property));
  });
}

bool fits(const SearchQuery& query, const Seen& seen) {
  const auto fits_this = [&](const auto& group) { return fits_group(group, seen); };
  if (!query.groups.empty() && std::none_of(query.groups.begin(), query.groups.end(), fits_this))
    return false;
  if (query.text.empty()) return true;
  const auto& main = seen.object.default_properties();
  return std::any_of(main.begin(), main.end(), [&](const std::string& property) {
    return lower_ascii(seen.value(property)).find(query.text) != std::string::npos;
  });
}

// Numbers and times have several spellings, and some values are not stored: these are found by looking at
// every record.
bool is_indexed(const Filter& filter, const ObjectType& object) {
  if (filter.op != Operator::eq && filter.op != Operator::in) return false;
  const PropertyDefinition* definition = object.find(filter.property);
  if (definition == nullptr || definition->read_only) return false;
  return definition->value_type == ValueType::text || definition->value_type == ValueType::enumeration ||
         definition->value_type == ValueType::boolean;
}

// Adds every record that can pass the filter; false: all of them can.
bool add_candidates(const Filter& filter, ObjectType& object, std::vector<RecordNumber>& found) {
  const bool names_values = filter.op == Operator::eq || filter.op == Operator::in;
  const bool by_id = names_values && filter.property == "hs_object_id";
  if (!by_id && !is_indexed(filter, object)) return false;
  for (const std::string& value : filter.values) {
    if (by_id) {
      if (const auto record = find_record(object.table(), value)) found.push_back(*record);
      continue;
    }
    const auto property = object.table().find_property(filter.property);
    const auto some = object.table().candidates(*property, value);
    found.insert(found.end(), some.begin(), some.end());
  }
  return true;
}

std::vector<RecordNumber> all_records(const Table& table) {
  std::vector<RecordNumber> all(table.size());
  std::iota(all.begin(), all.end(), RecordNumber{0});
  return all;
}

// A superset of the records that fit, in order.
std::vector<RecordNumber> candidates(const SearchQuery& query, ObjectType& object) {
  if (query.groups.empty()) return all_records(object.table());
  std::vector<RecordNumber> found;
  for (const auto& group : query.groups) {
    const auto narrows = [&](const Filter& filter) { return add_candidates(filter, object, found); };
    if (std::none_of(group.begin(), group.end(), narrows)) return all_records(object.table());
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// Records without the property come last either way.
void sort_records(const Sort& sort, const ObjectType& object, Time now, std::vector<RecordNumber>& records) {
  struct Key {
    std::string value;
    RecordNumber record;
  };
  std::vector<Key> keys;
  for (const RecordNumber record : records) {
    keys.push_back(
        {value_of(object, record, *object.table().as_searchable(record, now), sort.property), record});
  }
  const ValueType type = type_of(object, sort.property);
  std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
    const auto order = a.value.empty() || b.value.empty() ? a.value.empty() <=> b.value.empty()
                       : sort.descending                  ? compare_values(type, b.value, a.value)
                                                          : compare_values(type, a.value, b.value);
    return order == 0 ? a.record < b.record : order < 0;
  });
  for (size_t i = 0; i < keys.size(); ++i) records[i] = keys[i].record;
}

}  // namespace

std::vector<RecordNumber> find_records(const SearchQuery& query, ObjectType& object, Time now) {
  std::vector<RecordNumber> found = candidates(query, object);
  std::erase_if(found, [&](RecordNumber record) {
    const Record* seen = object.table().as_searchable(record, now);
    return seen == nullptr || !fits(query, {object, record, *seen});
  });
  if (!query.sorts.empty()) sort_records(query.sorts.front(), object, now, found);
  return found;
}

Answer search(Desk desk, ObjectType& object, std::string_view body) {
  simdjson::dom::object document;
  if (auto refusal = parse_body(desk.parser, body, document)) return desk.refuse(*refusal);
  SearchQuery query;
  if (auto refusal = parse_search(document, object, desk.state.options.strict, query))
    return desk.refuse(*refusal);
  const Time now = desk.state.now;
  const std::vector<RecordNumber> found = find_records(query, object, now);
  const size_t first = std::min(query.after, found.size());
  const size_t end = std::min(first + query.limit, found.size());
  Answer answer;
  std::string& out = answer.reply.body;
  out = "{\"total\":";
  append_number(out, found.size());
  out += ",\"results\":[";
  Commas commas;
  for (size_t i = first; i < end; ++i) {
    commas.before_item(out);
    out.push_back('{');
    append_record_members(out, object, found[i], *object.table().as_searchable(found[i], now),
                          query.properties);
    out.push_back('}');
  }
  out.push_back(']');
  if (end < found.size()) {
    out += ",\"paging\":{\"next\":{\"after\":\"";
    append_number(out, end);
    out += "\"}}";
  }
  out.push_back('}');
  return answer;
}

}  // namespace penstock::sandbox::hubspot
