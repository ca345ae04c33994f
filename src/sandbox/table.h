// The records of one object of a vendor (its contacts, its deals): what the vendor would hold.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "sandbox/value_index.h"

namespace penstock::sandbox {

// The position of a property in its table's list of names.
using PropertyId = uint16_t;

struct Field {
  PropertyId property;
  std::string_view value;  // empty: no value
};

// One record. Its fields are packed into one allocation, ordered by property; a million records of ten
// short properties take about 230 MB.
class Record {
 public:
  // `fields` ordered by property, each property once; empty values are left out.
  Record(std::span<const Field> fields, Time created, Time updated);

  std::string_view value(PropertyId property) const;  // "": none
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (uint32_t at = 0; at < size_;) visit(next_field(at));
  }
  Time created() const { return created_; }
  Time updated() const { return updated_; }  // of an archived record: when it was archived
  bool archived() const { return archived_; }

 private:
  friend class Table;
  Field next_field(uint32_t& at) const;
  Record copy() const;

  std::unique_ptr<char[]> packed_;
  uint32_t size_ = 0;
  bool archived_ = false;
  Time created_;
  Time updated_;
};

// Not thread-safe. References to records last until the next create.
class Table {
 public:
  // Writes become visible to as_searchable() this much later.
  explicit Table(Duration search_lag = {}) : search_lag_(search_lag) {}
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  PropertyId add_property(std::string_view name);  // the one that is there, if it is
  std::optional<PropertyId> find_property(std::string_view name) const;
  std::string_view property_name(PropertyId property) const { return names_[property]; }
  size_t property_count() const { return names_.size(); }

  // From now on no two live records share a value of this property. False if two already do.
  bool make_unique(PropertyId property);
  bool is_unique(PropertyId property) const { return unique_[property] != nullptr; }

  // The live record with this value of a unique property.
  std::optional<RecordNumber> find_unique(PropertyId property, std::string_view value) const;

  struct Conflict {
    Field field;
    RecordNumber holder;
  };
  // The first of these values that another live record than `self` holds and must be alone with.
  std::optional<Conflict> conflict(std::span<const Field> fields, std::optional<RecordNumber> self) const;

  // Fields are ordered by property, each property once, free of conflicts; an empty value clears.
  RecordNumber create(std::span<const Field> fields, Time now);
  void update(RecordNumber record, std::span<const Field> fields, Time now);
  void archive(RecordNumber record, Time now);

  size_t size() const { return records_.size(); }  // archived ones included
  size_t live() const { return live_; }            // without them
  const Record& record(RecordNumber record) const { return records_[record]; }

  // The record as a search at this time sees it; null when it sees none.
  const Record* as_searchable(RecordNumber record, Time now) const;
  // Every record that may hold this value, letter case of ASCII aside, in order; some may not hold it.
  // The first call for a property indexes it.
  std::vector<RecordNumber> candidates(PropertyId property, std::string_view value);

 private:
  struct Before {
    Time at;
    std::optional<Record> record;  // none: it did not exist
  };
  void remember_before(RecordNumber record, std::optional<Record> before, Time now);
  void forget_before(Time visible);
  void index_value(RecordNumber record, const Field& field);
  void leave_index(RecordNumber record, const Field& held);
  void enter_index(RecordNumber record, const Field& field);
  UniqueIndex* unique_index(PropertyId property) const { return unique_[property].get(); }

  std::deque<std::string> names_;  // stable addresses: ids_ refers to them
  std::unordered_map<std::string_view, PropertyId> ids_;
  std::vector<std::unique_ptr<UniqueIndex>> unique_;  // by property; null: not unique
  std::unordered_map<PropertyId, PostingIndex> postings_;
  std::vector<Record> records_;
  size_t live_ = 0;
  std::vector<Field> merged_;  // kept for its capacity
  Duration search_lag_;
  // Only with a search lag: what each record was before its latest writes, and those writes in order.
  std::unordered_map<RecordNumber, std::deque<Before>> before_;
  std::deque<std::pair<Time, RecordNumber>> writes_;
};

std::string lower_ascii(std::string_view text);

}  // namespace penstock::sandbox
