// What a search of a table sees: its indexes by value, and the lag behind the writes.
#include <algorithm>

#include "sandbox/table.h"

namespace penstock::sandbox {

void Table::index_value(RecordNumber record, const Field& field) {
  if (postings_.empty() || field.value.empty()) return;
  const auto index = postings_.find(field.property);
  if (index != postings_.end()) index->second.add(hash_value(lower_ascii(field.value)), record);
}

std::vector<RecordNumber> Table::candidates(PropertyId property, std::string_view value) {
  const auto [index, is_new] = postings_.try_emplace(property);
  for (RecordNumber record = 0; is_new && record < records_.size(); ++record) {
    index_value(record, {property, records_[record].value(property)});
  }
  const auto found = index->second.find(hash_value(lower_ascii(value)));
  std::vector<RecordNumber> records(found.begin(), found.end());
  // Until the lag is over, a search still sees values that were overwritten before the index was made.
  for (const auto& [record, history] : before_) records.push_back(record);
  std::sort(records.begin(), records.end());
  records.erase(std::unique(records.begin(), records.end()), records.end());
  return records;
}

void Table::remember_before(RecordNumber record, std::optional<Record> before, Time now) {
  forget_before(now - search_lag_);
  before_[record].push_back({now, std::move(before)});
  writes_.emplace_back(now, record);
}

void Table::forget_before(Time visible) {
  while (!writes_.empty() && writes_.front().first <= visible) {
    const auto entry = before_.find(writes_.front().second);
    entry->second.pop_front();
    if (entry->second.empty()) before_.erase(entry);
    writes_.pop_front();
  }
}

const Record* Table::as_searchable(RecordNumber record, Time now) const {
  const Record* seen = &records_[record];
  if (const auto entry = before_.find(record); entry != before_.end()) {
    const auto is_hidden = [&](const Before& before) { return before.at > now - search_lag_; };
    const auto hidden = std::find_if(entry->second.begin(), entry->second.end(), is_hidden);
    if (hidden != entry->second.end()) seen = hidden->record ? &*hidden->record : nullptr;
  }
  return seen != nullptr && !seen->archived() ? seen : nullptr;
}

}  // namespace penstock::sandbox
