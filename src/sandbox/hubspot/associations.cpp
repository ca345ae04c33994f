#include <fmt/format.h>

#include <array>

#include "sandbox/hubspot/body.h"
#include "sandbox/hubspot/links.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

namespace json = simdjson::dom;

constexpr size_t kInputsMax = 2'000;

enum class Action { create, create_default, archive };

struct Pair {
  std::string_view from;
  std::string_view to;
  std::string types;  // JSON, as sent
};

// Both ends' objects, and the table of what ties them.
struct Ends {
  ObjectType& from;
  ObjectType& to;
  Table& table;
};

std::optional<Refusal> take_id(json::element end, std::string_view& id) {
  if (end["id"].get(id) == simdjson::SUCCESS && !id.empty()) return std::nullopt;
  return unreadable("an input needs from.id and to.id, as strings");
}

// One input: a pair, or for an archive as many as `to` lists.
std::optional<Refusal> read_input(json::element input, Action action, std::vector<Pair>& pairs) {
  json::element from;
  json::element to;
  json::element types;
  if (input["from"].get(from) != simdjson::SUCCESS || input["to"].get(to) != simdjson::SUCCESS)
    return unreadable("an input needs 'from' and 'to'");
  Pair pair;
  if (auto refusal = take_id(from, pair.from)) return refusal;
  if (action == Action::archive) {
    json::array all;
    if (to.get(all) != simdjson::SUCCESS) return unreadable("'to' must be an array");
    for (const json::element one : all) {
      if (auto refusal = take_id(one, pair.to)) return refusal;
      pairs.push_back(pair);
    }
    return std::nullopt;
  }
  if (auto refusal = take_id(to, pair.to)) return refusal;
  if (action == Action::create) {
    if (input["types"].get(types) != simdjson::SUCCESS || !types.is_array())
      return unreadable("an input needs 'types'");
    pair.types = simdjson::minify(types);
  }
  pairs.push_back(std::move(pair));
  return std::nullopt;
}

std::optional<Refusal> read_pairs(Desk desk, std::string_view body, Action action, std::vector<Pair>& pairs) {
  json::object document;
  json::array inputs;
  if (auto refusal = parse_body(desk.parser, body, document)) return refusal;
  if (document["inputs"].get(inputs) != simdjson::SUCCESS) return unreadable("there is no array 'inputs'");
  if (inputs.size() == 0 || inputs.size() > kInputsMax)
    return invalid(fmt::format("between 1 and {} inputs are needed", kInputsMax));
  for (const json::element input : inputs) {
    if (auto refusal = read_input(input, action, pairs)) return refusal;
  }
  return std::nullopt;
}

bool is_live(const ObjectType& object, std::string_view id) {
  const auto record = find_record(object.table(), id);
  return record && !object.table().record(*record).archived();
}

std::string key_of(const Pair& pair) {
  return fmt::format("{} {}", pair.from, pair.to);
}

void tie(const Ends& ends, const Pair& pair, Time now) {
  const PropertyId key = *ends.table.find_property("key");
  const std::string text = key_of(pair);
  const std::array fields{Field{key, text}, Field{*ends.table.find_property("from"), pair.from},
                          Field{*ends.table.find_property("to"), pair.to},
                          Field{*ends.table.find_property("types"), pair.types}};
  if (const auto known = ends.table.find_unique(key, text)) {
    ends.table.update(*known, fields, now);
  } else {
    ends.table.create(fields, now);
  }
}

void append_result(std::string& out, const Ends& ends, const Pair& pair, Action action) {
  if (action == Action::create_default) {
    out += fmt::format(R"({{"from":{{"id":"{}"}},"to":{{"id":"{}"}},"associationSpec":)"
                       R"({{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":1}}}})",
                       pair.from, pair.to);
    return;
  }
  out +=
      fmt::format(R"({{"fromObjectTypeId":"{}","fromObjectId":"{}","toObjectTypeId":"{}","toObjectId":"{}",)"
                  R"("labels":[]}})",
                  ends.from.type_id(), pair.from, ends.to.type_id(), pair.to);
}

Answer create(Desk desk, const Ends& ends, std::span<const Pair> pairs, Action action) {
  Answer answer =
      answer_of(reply_of(action == Action::create ? 201 : 200), static_cast<uint32_t>(pairs.size()));
  std::string errors;
  Commas results;
  Commas refused;
  open_batch(answer.reply.body, desk.state.now);
  for (const Pair& pair : pairs) {
    const ObjectType* missing = !is_live(ends.from, pair.from) ? &ends.from
                                : !is_live(ends.to, pair.to)   ? &ends.to
                                                               : nullptr;
    if (missing == nullptr) {
      tie(ends, pair, desk.state.now);
      results.before_item(answer.reply.body);
      append_result(answer.reply.body, ends, pair, action);
      continue;
    }
    std::string context;
    append_context(context, "fromObjectId", {&pair.from, 1});
    context.push_back(',');
    append_context(context, "toObjectId", {&pair.to, 1});
    refused.before_item(errors);
    append_row_error(errors, not_found(*missing), context);
    ++answer.rejected;
  }
  answer.reply.body.push_back(']');
  if (answer.rejected > 0) {
    answer.reply.status = 207;
    answer.reply.body += fmt::format(",\"numErrors\":{},\"errors\":[{}]", answer.rejected, errors);
  }
  answer.reply.body.push_back('}');
  return answer;
}

// Associations that are not there are passed over in silence.
Answer archive(Desk desk, const Ends& ends, std::span<const Pair> pairs) {
  const PropertyId key = *ends.table.find_property("key");
  for (const Pair& pair : pairs) {
    if (const auto known = ends.table.find_unique(key, key_of(pair)))
      ends.table.archive(*known, desk.state.now);
  }
  return answer_of(reply_of(204), static_cast<uint32_t>(pairs.size()));
}

std::optional<Action> action_of(const std::vector<std::string>& rest) {
  if (rest.size() < 4 || rest[2] != "batch") return std::nullopt;
  if (rest.size() == 4 && rest[3] == "create") return Action::create;
  if (rest.size() == 4 && rest[3] == "archive") return Action::archive;
  if (rest.size() == 5 && rest[3] == "associate" && rest[4] == "default") return Action::create_default;
  return std::nullopt;
}

}  // namespace

Answer answer_associations(Desk desk, const ServerRequest& request, const std::vector<std::string>& rest) {
  const auto action = action_of(rest);
  if (!action) return desk.refuse({404, "OBJECT_NOT_FOUND", "Resource not found", {}});
  if (request.method != "POST")
    return desk.refuse({405, "VALIDATION_ERROR", "This method is not allowed on this path", {}});
  ObjectType* from = desk.account.object(rest[0]);
  ObjectType* to = desk.account.object(rest[1]);
  if (from == nullptr || to == nullptr)
    return desk.refuse(
        invalid(fmt::format("Unable to infer object type from: {}", rest[from == nullptr ? 0 : 1])));
  std::vector<Pair> pairs;
  if (const auto refusal = read_pairs(desk, request.body, *action, pairs)) return desk.refuse(*refusal);
  Table& table = desk.state.table(fmt::format("{}_to_{}", from->name(), to->name()));
  for (const char* name : {"key", "from", "to", "types"}) table.add_property(name);
  table.make_unique(*table.find_property("key"));
  const Ends ends{*from, *to, table};
  return *action == Action::archive ? archive(desk, ends, pairs) : create(desk, ends, pairs, *action);
}

}  // namespace penstock::sandbox::hubspot
