#include "sandbox/hubspot/reply.h"

#include <fmt/format.h>

#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

void append_detail(std::string& out, const Detail& detail) {
  out.push_back('{');
  append_json_member(out, "message", detail.message);
  if (!detail.code.empty()) {
    out.push_back(',');
    append_json_member(out, "code", detail.code);
  }
  if (!detail.property.empty()) {
    const std::string_view name = detail.property;
    out += ",\"context\":{";
    append_context(out, "propertyName", {&name, 1});
    out.push_back('}');
  }
  out.push_back('}');
}

void append_details(std::string& out, const std::vector<Detail>& details) {
  out += "\"errors\":[";
  Commas commas;
  for (const Detail& detail : details) {
    commas.before_item(out);
    append_detail(out, detail);
  }
  out.push_back(']');
}

void open_record(std::string& out, RecordNumber record) {
  out += "\"id\":\"";
  out += record_id(record);
  out += "\",\"properties\":{";
}

void append_property(std::string& out, Commas& commas, std::string_view name, std::string_view value) {
  commas.before_item(out);
  append_json_string(out, name);
  out.push_back(':');
  append_json_string(out, value);
}

}  // namespace

void append_stamps(std::string& out, const Record& record) {
  out += ",\"createdAt\":";
  append_json_time(out, record.created());
  out += ",\"updatedAt\":";
  append_json_time(out, record.updated());
  out += record.archived() ? ",\"archived\":true,\"archivedAt\":" : ",\"archived\":false";
  if (record.archived()) append_json_time(out, record.updated());
}

std::string correlation_id(Random& random) {
  const uint64_t hi = (random.next() & ~uint64_t{0xf000}) | 0x4000;                  // version 4
  const uint64_t lo = (random.next() & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);  // its variant
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", hi >> 32, (hi >> 16) & 0xffff, hi & 0xffff,
                     lo >> 48, lo & 0xffff'ffff'ffff);
}

ServerReply refuse(const Refusal& refusal, Random& random) {
  ServerReply reply = reply_of(refusal.status, "{\"status\":\"error\",");
  std::string& out = reply.body;
  append_json_member(out, "message", refusal.message);
  out.push_back(',');
  append_json_member(out, "correlationId", correlation_id(random));
  out.push_back(',');
  append_json_member(out, "category", refusal.category);
  if (!refusal.details.empty()) {
    out.push_back(',');
    append_details(out, refusal.details);
  }
  out.push_back('}');
  return reply;
}

void append_context(std::string& out, std::string_view name, std::span<const std::string_view> values) {
  append_json_name(out, name);
  out.push_back('[');
  Commas commas;
  for (const std::string_view value : values) {
    commas.before_item(out);
    append_json_string(out, value);
  }
  out.push_back(']');
}

void append_row_error(std::string& out, const Refusal& refusal, std::string_view context) {
  out += "{\"status\":\"error\",";
  append_json_member(out, "category", refusal.category);
  out.push_back(',');
  append_json_member(out, "message", refusal.message);
  out += ",\"context\":{";
  out += context;
  out += "},";
  append_details(out, refusal.details);
  out += ",\"links\":{}}";
}

Refusal refuse_values(std::span<const NamedProblem> problems) {
  Refusal refusal;
  std::string list;
  Commas commas;
  for (const auto& [property, problem] : problems) {
    commas.before_item(list);
    list += "{\"isValid\":false,";
    append_json_member(list, "message", problem.message);
    list.push_back(',');
    append_json_member(list, "error", problem.code);
    list.push_back(',');
    append_json_member(list, "name", property);
    list.push_back('}');
    refusal.details.push_back({problem.message, problem.code, property});
  }
  refusal.message = fmt::format("Property values were not valid: [{}]", list);
  return refusal;
}

Refusal unreadable(std::string_view what) {
  return invalid(fmt::format("Invalid input JSON: {}", what));
}

Refusal invalid(std::string message) {
  return {400, "VALIDATION_ERROR", std::move(message), {}};
}

Refusal not_found(const ObjectType& object) {
  return {404,
          "OBJECT_NOT_FOUND",
          fmt::format(
              "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
              object.singular()),
          {}};
}

Refusal not_an_id(std::string_view property) {
  Refusal refusal = invalid(
      fmt::format("Property '{}' is not a unique property and cannot be used as idProperty", property));
  refusal.details.push_back({refusal.message, "INVALID_ID_PROPERTY", std::string(property)});
  return refusal;
}

void open_batch(std::string& out, Time now) {
  out += "{\"status\":\"COMPLETE\",\"startedAt\":";
  append_json_time(out, now);
  out += ",\"completedAt\":";
  append_json_time(out, now);
  out += ",\"results\":[";
}

std::string value_of(const ObjectType& object, RecordNumber number, const Record& record,
                     std::string_view property) {
  const auto id = object.table().find_property(property);
  if (const auto held = id ? record.value(*id) : std::string_view(); !held.empty()) return std::string(held);
  if (property == "hs_object_id") return record_id(number);
  if (property == object.created_property()) return iso8601(record.created());
  if (property == object.modified_property()) return iso8601(record.updated());
  return {};
}

void append_record_members(std::string& out, const ObjectType& object, RecordNumber number,
                           const Record& record, std::span<const std::string> properties) {
  open_record(out, number);
  Commas commas;
  for (const std::string& name : properties.empty() ? object.default_properties() : properties) {
    const std::string value = value_of(object, number, record, name);
    if (!value.empty()) append_property(out, commas, name, value);
  }
  out.push_back('}');
  append_stamps(out, record);
}

void append_written_members(std::string& out, const ObjectType& object, RecordNumber record,
                            std::span<const Field> written) {
  const Record& kept = object.table().record(record);
  open_record(out, record);
  out += "\"hs_object_id\":\"";
  out += record_id(record);
  out += "\",\"";
  out += object.modified_property();
  out += "\":";
  append_json_time(out, kept.updated());
  for (const Field& field : written) {
    out.push_back(',');
    append_json_string(out, object.table().property_name(field.property));
    out.push_back(':');
    append_json_string(out, field.value);
  }
  out.push_back('}');
  append_stamps(out, kept);
}

}  // namespace penstock::sandbox::hubspot
