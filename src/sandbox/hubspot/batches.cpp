// The batch operations: create, update, upsert, read, archive.
#include <fmt/format.h>

#include <algorithm>

#include "sandbox/hubspot/body.h"
#include "sandbox/hubspot/records.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

namespace json = simdjson::dom;

std::optional<Refusal> write_rows(Desk desk, ObjectType& object, json::array inputs, Batch& batch) {
  if (auto refusal = read_rows(inputs, object, desk.state.options.strict, batch)) return refusal;
  if (auto refusal = find_duplicate(batch, object)) return refusal;
  return carry_out(batch, object, desk.state);
}

std::optional<Refusal> read_ids(json::array inputs, std::vector<std::string_view>& ids) {
  for (const json::element input : inputs) {
    std::string_view& id = ids.emplace_back();
    if (input["id"].get(id) != simdjson::SUCCESS || id.empty()) return unreadable("an input has no 'id'");
  }
  return std::nullopt;
}

// A reader cannot tell rows apart that it asks for twice: each id once, in the order first given.
std::vector<std::string_view> without_repeats(const std::vector<std::string_view>& ids) {
  std::vector<std::string_view> once;
  for (const std::string_view id : ids) {
    if (std::find(once.begin(), once.end(), id) == once.end()) once.push_back(id);
  }
  return once;
}

struct ReadRequest {
  std::vector<std::string_view> ids;
  std::string_view id_property;
  std::vector<std::string> properties;
  bool archived = false;
};

std::optional<Refusal> parse_read(json::parser& parser, const ServerRequest& request,
                                  const ObjectType& object, ReadRequest& wanted) {
  json::object document;
  json::array inputs;
  if (auto refusal = read_inputs(parser, request.body, document, inputs)) return refusal;
  if (auto refusal = read_ids(inputs, wanted.ids)) return refusal;
  if (auto refusal = take_text(document, "idProperty", wanted.id_property)) return refusal;
  if (auto refusal = take_names(document, "properties", wanted.properties)) return refusal;
  wanted.archived = request.parameter("archived") == "true";
  const PropertyDefinition* property = object.find(wanted.id_property);
  const bool fits = wanted.id_property.empty() || wanted.id_property == "hs_object_id" ||
                    (property != nullptr && property->unique);
  if (fits) return std::nullopt;
  return not_an_id(wanted.id_property);
}

void append_missing(std::string& out, const ObjectType& object, std::span<const std::string_view> missing) {
  std::string context;
  append_context(context, "ids", missing);
  out += ",\"numErrors\":1,\"errors\":[";
  append_row_error(out, not_found(object), context);
  out.push_back(']');
}

}  // namespace

Answer write_batch(Desk desk, ObjectType& object, Operation operation, std::string_view body) {
  json::object document;
  json::array inputs;
  if (auto refusal = read_inputs(desk.parser, body, document, inputs)) return desk.refuse(*refusal);
  Batch batch{.operation = operation, .rows = {}, .texts = {}};
  const auto refusal = write_rows(desk, object, inputs, batch);
  Answer answer = refusal ? desk.refuse(*refusal) : batch_reply(batch, object, desk.state);
  answer.rows = static_cast<uint32_t>(inputs.size());
  return answer;
}

Answer read_batch(Desk desk, ObjectType& object, const ServerRequest& request) {
  ReadRequest wanted;
  if (auto refusal = parse_read(desk.parser, request, object, wanted)) return desk.refuse(*refusal);
  Answer answer;
  std::vector<std::string_view> missing;
  open_batch(answer.reply.body, desk.state.now);
  Commas commas;
  for (const std::string_view id : without_repeats(wanted.ids)) {
    const auto record = look_up(object, id, wanted.id_property, wanted.archived);
    if (!record) {
      missing.push_back(id);
      continue;
    }
    commas.before_item(answer.reply.body);
    answer.reply.body.push_back('{');
    append_record_members(answer.reply.body, object, *record, object.table().record(*record),
                          wanted.properties);
    answer.reply.body.push_back('}');
  }
  answer.reply.body.push_back(']');
  if (!missing.empty()) append_missing(answer.reply.body, object, missing);
  answer.reply.body.push_back('}');
  answer.reply.status = missing.empty() ? 200 : 207;
  return answer;
}

// Ids that mean nothing, or no longer anything, are passed over in silence.
Answer archive_batch(Desk desk, ObjectType& object, std::string_view body) {
  json::object document;
  json::array inputs;
  std::vector<std::string_view> ids;
  if (auto refusal = read_inputs(desk.parser, body, document, inputs)) return desk.refuse(*refusal);
  if (auto refusal = read_ids(inputs, ids)) return desk.refuse(*refusal);
  for (const std::string_view id : ids) archive_record(desk, object, id);
  return answer_of(reply_of(204), static_cast<uint32_t>(ids.size()));
}

}  // namespace penstock::sandbox::hubspot
