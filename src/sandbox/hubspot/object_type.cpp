#include "sandbox/hubspot/object_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sandbox/hubspot/standard.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr RecordNumber kFirstId = 10'001;

bool is_plain_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

std::optional<ValueType> value_type_of(std::string_view type) {
  if (type == "string" || type == "phone_number") return ValueType::text;
  if (type == "number") return ValueType::number;
  if (type == "date") return ValueType::date;
  if (type == "datetime") return ValueType::datetime;
  if (type == "bool") return ValueType::boolean;
  if (type == "enumeration") return ValueType::enumeration;
  return std::nullopt;
}

ObjectType::ObjectType(std::string name, std::string type_id, Table& table)
    : name_(std::move(name)), type_id_(std::move(type_id)), table_(table) {
  for (PropertyDefinition& definition : standard_properties(name_, created_property(), modified_property())) {
    define(std::move(definition));
  }
  default_properties_ = standard_reply_properties(name_);
  for (const std::string_view kept :
       {created_property(), modified_property(), std::string_view("hs_object_id")}) {
    default_properties_.emplace_back(kept);
  }
}

std::string ObjectType::singular() const {
  for (const StandardObject& standard : standard_objects()) {
    if (standard.name == name_) return std::string(standard.singular);
  }
  return name_;
}

bool ObjectType::define(PropertyDefinition definition) {
  const PropertyId property = table_.add_property(definition.name);
  if (definition.unique && !table_.make_unique(property)) return false;
  if (property == definitions_.size()) {
    definitions_.push_back(std::move(definition));
  } else {
    definitions_[property] = std::move(definition);
  }
  return true;
}

std::optional<PropertyId> ObjectType::find_id(std::string_view name) const {
  const auto property = table_.find_property(name);
  if (!property || definitions_[*property].archived) return std::nullopt;
  return property;
}

const PropertyDefinition* ObjectType::find(std::string_view name) const {
  const auto property = find_id(name);
  return property ? &definitions_[*property] : nullptr;
}

std::string Account::name_of(std::string_view spelled) const {
  for (const StandardObject& standard : standard_objects()) {
    if (standard.name == spelled || standard.type_id == spelled) return std::string(standard.name);
    if (lower_ascii(standard.singular) == spelled) return std::string(standard.name);
  }
  for (const auto& [type_id, schema] : schemas_) {
    const std::string full = fmt::format("p{}_{}", kPortalId, schema.name);
    if (spelled == schema.name || spelled == full) return type_id;
  }
  return std::string(spelled);
}

ObjectType* Account::object(std::string_view spelled) {
  const std::string name = name_of(spelled);
  if (const auto known = objects_.find(name); known != objects_.end()) return known->second.get();
  for (const StandardObject& standard : standard_objects()) {
    if (standard.name == name) return &make(name, std::string(standard.type_id));
  }
  if (state_.options.strict || !is_plain_name(name) || objects_.size() >= kObjectsMax) return nullptr;
  return &make(name, name.starts_with("2-") ? name : "2-" + name);
}

ObjectType& Account::make(std::string name, std::string type_id) {
  Table& table = state_.table(name);
  auto object = std::make_unique<ObjectType>(name, std::move(type_id), table);
  return *objects_.emplace(std::move(name), std::move(object)).first->second;
}

ObjectType* Account::define(CustomSchema schema) {
  const auto standard = standard_objects();
  const auto is_name = [&](const StandardObject& object) { return object.name == schema.name; };
  const bool taken = std::any_of(standard.begin(), standard.end(), is_name) ||
                     objects_.contains(schema.name) || name_of(schema.name) != schema.name;
  if (taken) return nullptr;
  const std::string type_id = fmt::format("2-{}", 1'000'001 + schemas_.size());
  schemas_.emplace(type_id, std::move(schema));
  return &make(type_id, type_id);
}

std::string record_id(RecordNumber record) {
  return std::to_string(uint64_t{kFirstId} + record);
}

std::optional<RecordNumber> find_record(const Table& table, std::string_view id) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  if (number < kFirstId || number - kFirstId >= table.size()) return std::nullopt;
  return static_cast<RecordNumber>(number - kFirstId);
}

}  // namespace penstock::sandbox::hubspot
