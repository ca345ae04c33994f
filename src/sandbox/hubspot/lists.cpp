#include <fmt/format.h>

#include <array>

#include "sandbox/hubspot/body.h"
#include "sandbox/hubspot/links.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

namespace json = simdjson::dom;

struct Changes {
  std::vector<std::string> add;
  std::vector<std::string> remove;
};

// The ids of a body that is nothing but an array of them.
std::optional<Refusal> take_ids(Desk desk, std::string_view body, std::vector<std::string>& ids) {
  json::array array;
  if (desk.parser.parse(body.data(), body.size()).get(array) != simdjson::SUCCESS)
    return unreadable("the body is not an array of record ids");
  for (const json::element element : array) {
    std::string_view id;
    if (element.get(id) != simdjson::SUCCESS) return unreadable("a record id must be a string");
    ids.emplace_back(id);
  }
  return std::nullopt;
}

std::optional<Refusal> read_changes(Desk desk, std::string_view operation, std::string_view body,
                                    Changes& changes) {
  if (operation == "add") return take_ids(desk, body, changes.add);
  if (operation == "remove") return take_ids(desk, body, changes.remove);
  json::object document;
  if (auto refusal = parse_body(desk.parser, body, document)) return refusal;
  if (auto refusal = take_names(document, "recordIdsToAdd", changes.add)) return refusal;
  return take_names(document, "recordIdsToRemove", changes.remove);
}

void append_ids(std::string& out, std::string_view name, std::span<const std::string> ids) {
  append_json_name(out, name);
  out.push_back('[');
  Commas commas;
  for (const std::string& id : ids) {
    commas.before_item(out);
    append_json_string(out, id);
  }
  out.push_back(']');
}

bool is_live(const Table& table, std::string_view id) {
  const auto record = find_record(table, id);
  return record && !table.record(*record).archived();
}

Answer change_members(Desk desk, Table& members, const Changes& changes) {
  const PropertyId property = members.add_property("recordId");
  members.make_unique(property);
  const Table& contacts = desk.account.object("contacts")->table();
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> missing;
  for (const std::string& id : changes.add) {
    if (!is_live(contacts, id)) {
      missing.push_back(id);
    } else if (!members.find_unique(property, id)) {  // who is a member already is passed over
      members.create(std::array{Field{property, id}}, desk.state.now);
      added.push_back(id);
    }
  }
  for (const std::string& id : changes.remove) {
    const auto member = members.find_unique(property, id);
    if (member) members.archive(*member, desk.state.now);
    (member ? removed : missing).push_back(id);
  }
  Answer answer =
      answer_of(reply_of(200, "{"), static_cast<uint32_t>(changes.add.size() + changes.remove.size()));
  append_ids(answer.reply.body, "recordsIdsAdded", added);
  answer.reply.body.push_back(',');
  append_ids(answer.reply.body, "recordIdsRemoved", removed);
  answer.reply.body.push_back(',');
  append_ids(answer.reply.body, "recordIdsMissing", missing);
  answer.reply.body.push_back('}');
  return answer;
}

Answer show_members(Table& members) {
  const PropertyId property = members.add_property("recordId");
  Answer answer = answer_of(reply_of(200, "{\"results\":["));
  Commas commas;
  for (RecordNumber number = 0; number < members.size(); ++number) {
    const Record& member = members.record(number);
    if (member.archived()) continue;
    commas.before_item(answer.reply.body);
    answer.reply.body += "{\"recordId\":";
    append_json_string(answer.reply.body, member.value(property));
    answer.reply.body += ",\"membershipTimestamp\":";
    append_json_time(answer.reply.body, member.created());
    answer.reply.body.push_back('}');
  }
  answer.reply.body += fmt::format("],\"total\":{}}}", members.live());
  return answer;
}

}  // namespace

Answer answer_lists(Desk desk, const ServerRequest& request, const std::vector<std::string>& rest) {
  const bool members = rest.size() >= 2 && rest[1] == "memberships";
  const bool change =
      members && rest.size() == 3 && (rest[2] == "add" || rest[2] == "remove" || rest[2] == "add-and-remove");
  if (!change && !(members && rest.size() == 2))
    return desk.refuse({404, "OBJECT_NOT_FOUND", "Resource not found", {}});
  if (request.method != (change ? "PUT" : "GET"))
    return desk.refuse({405, "VALIDATION_ERROR", "This method is not allowed on this path", {}});
  Table& table = desk.state.table("list_" + rest[0]);
  if (!change) return show_members(table);
  Changes changes;
  if (const auto refusal = read_changes(desk, rest[2], request.body, changes)) return desk.refuse(*refusal);
  return change_members(desk, table, changes);
}

}  // namespace penstock::sandbox::hubspot
