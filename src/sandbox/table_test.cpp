#include "sandbox/table.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace penstock::sandbox {
namespace {

constexpr Time kTableStart{};

std::vector<Field> fields_of(const std::map<PropertyId, std::string>& values) {
  std::vector<Field> fields;
  for (const auto& [property, value] : values) fields.push_back({property, value});
  return fields;
}

std::map<PropertyId, std::string> values_of(const Record& record) {
  std::map<PropertyId, std::string> values;
  record.for_each([&](const Field& field) { values.emplace(field.property, field.value); });
  return values;
}

TEST(Table, keeps_properties_by_name) {
  Table table;
  const PropertyId email = table.add_property("email");
  const PropertyId name = table.add_property("name");
  EXPECT_NE(email, name);
  EXPECT_EQ(table.add_property("email"), email);
  EXPECT_EQ(table.find_property("name"), name);
  EXPECT_EQ(table.find_property("phone"), std::nullopt);
  EXPECT_EQ(table.property_name(name), "name");
}

TEST(Table, writes_leave_other_fields_alone_and_empty_values_clear) {
  Table table;
  for (const char* name : {"a", "b", "c", "d"}) table.add_property(name);
  const RecordNumber record = table.create(fields_of({{1, "x"}, {3, "y"}}), kTableStart);
  table.update(record, fields_of({{0, "new"}, {1, ""}, {2, "mid"}}), kTableStart + 5s);
  EXPECT_EQ(values_of(table.record(record)),
            (std::map<PropertyId, std::string>{{0, "new"}, {2, "mid"}, {3, "y"}}));
  EXPECT_EQ(table.record(record).created(), kTableStart);
  EXPECT_EQ(table.record(record).updated(), kTableStart + 5s);
  EXPECT_EQ(table.record(record).value(1), "");
}

TEST(Table, a_unique_value_belongs_to_one_live_record) {
  Table table;
  const PropertyId email = table.add_property("email");
  ASSERT_TRUE(table.make_unique(email));
  const RecordNumber first = table.create(fields_of({{email, "a"}}), kTableStart);
  EXPECT_EQ(table.find_unique(email, "a"), first);
  EXPECT_TRUE(table.conflict(fields_of({{email, "a"}}), std::nullopt));
  EXPECT_FALSE(table.conflict(fields_of({{email, "a"}}), first));
  table.update(first, fields_of({{email, "b"}}), kTableStart);
  EXPECT_FALSE(table.find_unique(email, "a"));
  table.archive(first, kTableStart);
  EXPECT_FALSE(table.find_unique(email, "b"));
  const RecordNumber second = table.create(fields_of({{email, "b"}}), kTableStart);
  EXPECT_EQ(table.find_unique(email, "b"), second);
  EXPECT_EQ(table.live(), 1u);
  EXPECT_EQ(table.size(), 2u);
}

TEST(Table, cannot_make_unique_what_two_records_share) {
  Table table;
  const PropertyId code = table.add_property("code");
  table.create(fields_of({{code, "x"}}), kTableStart);
  table.create(fields_of({{code, "x"}}), kTableStart);
  EXPECT_FALSE(table.make_unique(code));
  EXPECT_FALSE(table.is_unique(code));
  table.archive(0, kTableStart);
  EXPECT_TRUE(table.make_unique(code));
  EXPECT_EQ(table.find_unique(code, "x"), 1u);
}

TEST(Table, a_search_sees_writes_after_the_lag) {
  Table table(5s);
  const PropertyId city = table.add_property("city");
  const RecordNumber record = table.create(fields_of({{city, "Rome"}}), kTableStart);
  EXPECT_EQ(table.as_searchable(record, kTableStart + 4s), nullptr);
  ASSERT_NE(table.as_searchable(record, kTableStart + 5s), nullptr);
  table.update(record, fields_of({{city, "Oslo"}}), kTableStart + 10s);
  table.update(record, fields_of({{city, "Bern"}}), kTableStart + 12s);
  EXPECT_EQ(table.as_searchable(record, kTableStart + 14s)->value(city), "Rome");
  EXPECT_EQ(table.candidates(city, "rome"), std::vector<RecordNumber>{record});
  EXPECT_EQ(table.as_searchable(record, kTableStart + 15s)->value(city), "Oslo");
  EXPECT_EQ(table.as_searchable(record, kTableStart + 17s)->value(city), "Bern");
  table.archive(record, kTableStart + 20s);
  EXPECT_EQ(table.as_searchable(record, kTableStart + 24s)->value(city), "Bern");
  EXPECT_EQ(table.as_searchable(record, kTableStart + 25s), nullptr);
}

// Random writes on a table and on a plain map of maps; after each, both know the same.
class Twin {
 public:
  explicit Twin(uint64_t seed) : random_(seed) {
    for (const char* name : {"id", "a", "b", "c"}) table_.add_property(name);
    EXPECT_TRUE(table_.make_unique(0));
  }

  void step() {
    const auto record = static_cast<RecordNumber>(random_.below(30));
    if (record >= records_.size()) {
      create();
    } else if (records_[record].archived) {
      return;
    } else if (random_.chance(0.1)) {
      table_.archive(record, kTableStart);
      records_[record].archived = true;
    } else {
      update(record);
    }
  }

  void expect_same() {
    for (RecordNumber record = 0; record < records_.size(); ++record) {
      ASSERT_EQ(values_of(table_.record(record)), records_[record].values) << record;
    }
    for (const std::string value : {"0", "1", "2", "3", "4", "5", "6"}) {
      ASSERT_EQ(table_.find_unique(0, value), holder(0, value)) << value;
      const auto candidates = table_.candidates(1, value);
      for (RecordNumber record = 0; record < records_.size(); ++record) {
        if (!records_[record].values.contains(1) || records_[record].values.at(1) != value) continue;
        ASSERT_TRUE(std::binary_search(candidates.begin(), candidates.end(), record)) << record;
      }
    }
  }

 private:
  struct Plain {
    std::map<PropertyId, std::string> values;
    bool archived = false;
  };

  std::map<PropertyId, std::string> some_values() {
    std::map<PropertyId, std::string> values;
    for (PropertyId property = 0; property < 4; ++property) {
      if (random_.chance(0.5)) continue;
      values[property] = random_.chance(0.2) ? "" : std::to_string(random_.below(7));
    }
    return values;
  }

  std::optional<RecordNumber> holder(PropertyId property, const std::string& value) const {
    for (RecordNumber record = 0; record < records_.size(); ++record) {
      const auto held = records_[record].values.find(property);
      if (records_[record].archived || held == records_[record].values.end()) continue;
      if (held->second == value) return record;
    }
    return std::nullopt;
  }

  bool conflicts(const std::map<PropertyId, std::string>& values, std::optional<RecordNumber> self) const {
    if (!values.contains(0) || values.at(0).empty()) return false;
    const auto other = holder(0, values.at(0));
    return other && other != self;
  }

  void create() {
    const auto values = some_values();
    ASSERT_EQ(table_.conflict(fields_of(values), std::nullopt).has_value(), conflicts(values, std::nullopt));
    if (conflicts(values, std::nullopt)) return;
    table_.create(fields_of(values), kTableStart);
    lay_over(records_.emplace_back(), values);
  }

  void update(RecordNumber record) {
    const auto values = some_values();
    ASSERT_EQ(table_.conflict(fields_of(values), record).has_value(), conflicts(values, record));
    if (conflicts(values, record)) return;
    table_.update(record, fields_of(values), kTableStart);
    lay_over(records_[record], values);
  }

  static void lay_over(Plain& plain, const std::map<PropertyId, std::string>& values) {
    for (const auto& [property, value] : values) {
      if (value.empty()) {
        plain.values.erase(property);
      } else {
        plain.values[property] = value;
      }
    }
  }

  Random random_;
  Table table_;
  std::vector<Plain> records_;
};

TEST(Table, does_what_a_map_of_maps_does) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Twin twin(seed);
    for (int step = 0; step < 200; ++step) {
      twin.step();
      twin.expect_same();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace penstock::sandbox
