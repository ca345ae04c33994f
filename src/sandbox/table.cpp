#include "sandbox/table.h"

#include <algorithm>

#include "base/result.h"

namespace penstock::sandbox {
namespace {

// `fields` laid over what a record holds, ordered by property. Calls changed(field, held) for each field
// whose value is not the one held.
template <class Changed>
void merge(const Record& record, std::span<const Field> fields, std::vector<Field>& merged,
           const Changed& changed) {
  merged.clear();
  auto next = fields.begin();
  const auto take = [&](std::string_view held) {
    if (next->value != held) changed(*next, held);
    merged.push_back(*next++);
  };
  record.for_each([&](const Field& held) {
    while (next != fields.end() && next->property < held.property) take({});
    if (next != fields.end() && next->property == held.property) {
      take(held.value);
    } else {
      merged.push_back(held);
    }
  });
  while (next != fields.end()) take({});
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

PropertyId Table::add_property(std::string_view name) {
  if (const auto known = find_property(name)) return *known;
  check(names_.size() < UINT16_MAX, "more properties than a PropertyId can count");
  const auto property = static_cast<PropertyId>(names_.size());
  ids_.emplace(names_.emplace_back(name), property);
  unique_.emplace_back();
  return property;
}

std::optional<PropertyId> Table::find_property(std::string_view name) const {
  const auto found = ids_.find(name);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

bool Table::make_unique(PropertyId property) {
  if (is_unique(property)) return true;
  auto index = std::make_unique<UniqueIndex>();
  for (RecordNumber record = 0; record < records_.size(); ++record) {
    if (records_[record].archived()) continue;
    const std::string_view value = records_[record].value(property);
    if (value.empty()) continue;
    const auto same = [&](RecordNumber other) { return records_[other].value(property) == value; };
    if (index->find(hash_value(value), same)) return false;
    index->insert(hash_value(value), record);
  }
  unique_[property] = std::move(index);
  return true;
}

std::optional<RecordNumber> Table::find_unique(PropertyId property, std::string_view value) const {
  const UniqueIndex* index = unique_index(property);
  if (index == nullptr || value.empty()) return std::nullopt;
  return index->find(hash_value(value), [&](RecordNumber record) {  //
    return records_[record].value(property) == value;
  });
}

std::optional<Table::Conflict> Table::conflict(std::span<const Field> fields,
                                               std::optional<RecordNumber> self) const {
  for (const Field& field : fields) {
    if (!is_unique(field.property)) continue;
    if (self && records_[*self].value(field.property) == field.value) continue;  // its own already
    const auto holder = find_unique(field.property, field.value);
    if (holder && holder != self) return Conflict{field, *holder};
  }
  return std::nullopt;
}

RecordNumber Table::create(std::span<const Field> fields, Time now) {
  check(records_.size() < UINT32_MAX - 1, "more records than a RecordNumber can count");
  const auto record = static_cast<RecordNumber>(records_.size());
  records_.emplace_back(fields, now, now);
  ++live_;
  if (search_lag_ > Duration{}) remember_before(record, std::nullopt, now);
  for (const Field& field : fields) {
    enter_index(record, field);
    index_value(record, field);
  }
  return record;
}

void Table::update(RecordNumber record, std::span<const Field> fields, Time now) {
  if (search_lag_ > Duration{}) remember_before(record, records_[record].copy(), now);
  merge(records_[record], fields, merged_, [&](const Field& field, std::string_view held) {
    leave_index(record, {field.property, held});
    enter_index(record, field);
    index_value(record, field);
  });
  records_[record] = Record(merged_, records_[record].created(), now);
}

void Table::archive(RecordNumber record, Time now) {
  if (search_lag_ > Duration{}) remember_before(record, records_[record].copy(), now);
  records_[record].for_each([&](const Field& field) { leave_index(record, field); });
  --live_;
  records_[record].archived_ = true;
  records_[record].updated_ = now;
}

void Table::leave_index(RecordNumber record, const Field& held) {
  UniqueIndex* index = unique_index(held.property);
  if (index != nullptr && !held.value.empty()) index->erase(hash_value(held.value), record);
}

void Table::enter_index(RecordNumber record, const Field& field) {
  UniqueIndex* index = unique_index(field.property);
  if (index != nullptr && !field.value.empty()) index->insert(hash_value(field.value), record);
}

}  // namespace penstock::sandbox
