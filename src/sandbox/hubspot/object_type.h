// The objects of an account (contacts, companies, custom ones) and the properties that they have.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/state.h"
#include "sandbox/table.h"

namespace penstock::sandbox::hubspot {

// What a property holds, by the `type` of its definition.
enum class ValueType { text, number, date, datetime, boolean, enumeration };

struct Option {
  std::string label;
  std::string value;
};

struct PropertyDefinition {
  std::string name;
  std::string label;
  std::string description;
  std::string group;
  std::string type = "string";      // string, number, date, datetime, bool, enumeration, phone_number
  std::string field_type = "text";  // how HubSpot's forms show it; "checkbox": several options, joined by ;
  ValueType value_type = ValueType::text;
  std::vector<Option> options;
  bool unique = false;
  bool is_email = false;    // checked as an address, kept in lower case
  bool by_hubspot = false;  // a standard property
  bool read_only = false;   // its value cannot be written
  bool archived = false;    // deleted: unknown until it is defined again
  Time created;
  Time updated;
};

std::optional<ValueType> value_type_of(std::string_view type);

// One kind of object: its names, its property definitions and its records.
class ObjectType {
 public:
  ObjectType(std::string name, std::string type_id, Table& table);

  const std::string& name() const { return name_; }        // "contacts", "2-1000001", "p1_car"
  const std::string& type_id() const { return type_id_; }  // "0-1", "2-1000001"
  // For messages: "Contact", "Deal"; of a custom object its name.
  std::string singular() const;
  Table& table() { return table_; }
  const Table& table() const { return table_; }

  // Adds or replaces. False: it was to be unique and two records share a value.
  bool define(PropertyDefinition definition);
  // False: the object has as many properties as HubSpot allows.
  bool has_room() const { return definitions_.size() < kPropertiesMax; }
  // Nothing: there is no such property, or it was deleted.
  std::optional<PropertyId> find_id(std::string_view name) const;
  const PropertyDefinition* find(std::string_view name) const;
  const PropertyDefinition& definition(PropertyId property) const { return definitions_[property]; }
  PropertyDefinition& definition(PropertyId property) { return definitions_[property]; }
  const std::deque<PropertyDefinition>& definitions() const { return definitions_; }

  // The properties HubSpot keeps itself, and those it returns when none are asked for.
  std::string_view created_property() const { return is_custom() ? "hs_createdate" : "createdate"; }
  std::string_view modified_property() const {
    return name_ == "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
  }
  const std::vector<std::string>& default_properties() const { return default_properties_; }
  bool is_custom() const { return type_id_.starts_with("2-"); }

 private:
  static constexpr size_t kPropertiesMax = 2'000;

  std::string name_;
  std::string type_id_;
  Table& table_;
  std::deque<PropertyDefinition> definitions_;  // by PropertyId: stays in step with the table's names
  std::vector<std::string> default_properties_;
};

// A custom object as it was defined; see schemas.cpp.
struct CustomSchema {
  std::string name;      // "car"
  std::string singular;  // "Car"
  std::string plural;
  std::vector<std::string> required;
  Time created;
};

// The objects of the account. Not thread-safe.
class Account {
 public:
  explicit Account(State& state) : state_(state) {}

  // By any spelling: contacts, contact, 0-1, 2-1000001, p1_car, car. Objects nobody defined are made on
  // first use unless the sandbox is strict; null: there is no such object.
  ObjectType* object(std::string_view spelled);
  // The plain name for a spelling, known or not.
  std::string name_of(std::string_view spelled) const;

  // Null: the name is taken.
  ObjectType* define(CustomSchema schema);
  // By type id.
  const std::map<std::string, CustomSchema>& schemas() const { return schemas_; }

 private:
  static constexpr size_t kObjectsMax = 1'000;
  ObjectType& make(std::string name, std::string type_id);

  State& state_;
  std::map<std::string, std::unique_ptr<ObjectType>, std::less<>> objects_;  // by plain name
  std::map<std::string, CustomSchema> schemas_;
};

inline constexpr uint64_t kPortalId = 1;

// Record ids: numeric texts from 10001 up, of each object for itself.
std::string record_id(RecordNumber record);
// The record with this id, archived or not.
std::optional<RecordNumber> find_record(const Table& table, std::string_view id);

}  // namespace penstock::sandbox::hubspot
