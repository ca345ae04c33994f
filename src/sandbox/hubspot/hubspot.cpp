#include "sandbox/hubspot/hubspot.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "sandbox/hubspot/definitions.h"
#include "sandbox/hubspot/gate.h"
#include "sandbox/hubspot/links.h"
#include "sandbox/hubspot/oauth.h"
#include "sandbox/hubspot/records.h"
#include "sandbox/hubspot/route.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

// The words HubSpot has for a status that it was not our checks that chose.
Refusal refusal_of(int status) {
  switch (status) {
    case 401:
      return {401, "INVALID_AUTHENTICATION", "Authentication credentials not found", {}};
    case 403:
      return {
          403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call.", {}};
    case 404:
      return {404, "OBJECT_NOT_FOUND", "Resource not found", {}};
    case 409:
      return {409, "CONFLICT", "The request is in conflict with the current state of the account", {}};
    case 429:
      return {429, "RATE_LIMITS", "You have reached your ten_secondly_rolling limit.", {}};
    default:
      break;
  }
  if (status >= 500) return {status, "INTERNAL_ERROR", "internal error", {}};
  return {status, "VALIDATION_ERROR", fmt::format("The request was refused with status {}", status), {}};
}

bool is_json(const ServerRequest& request) {
  const std::string* type = request.header("Content-Type");
  return type == nullptr || request.body.empty() || type->starts_with("application/json");
}

class HubSpot final : public Vendor {
 public:
  explicit HubSpot(State& state) : state_(state), account_(state), gate_(state) {}

  Answer answer(const ServerRequest& request) override;
  ServerReply refusal(int status) override { return refuse(refusal_of(status), state_.random); }
  std::string table_name(std::string_view object) const override { return account_.name_of(object); }
  void append_records(std::string_view object, bool with_archived, std::string& out) override;
  void append_counts(std::string& out) override;

 private:
  Answer carry_out(const ServerRequest& request, const Route& route);
  Answer show_account();
  Answer answer_objects(const ServerRequest& request, const Route& route);
  Answer answer_batch(const ServerRequest& request, ObjectType& object, std::string_view operation);
  Answer answer_record(const ServerRequest& request, ObjectType& object, std::string_view id);
  Answer answer_properties(const ServerRequest& request, const Route& route);
  Answer answer_schemas(const ServerRequest& request, const Route& route);
  Answer no_object(std::string_view name) {
    return desk().refuse(invalid(fmt::format("Unable to infer object type from: {}", name)));
  }
  Answer no_such_path() { return answer_of(refusal(404)); }
  Answer wrong_method() {
    return desk().refuse({405, "VALIDATION_ERROR", "This method is not allowed on this path", {}});
  }
  Desk desk() { return {state_, account_, parser_}; }

  State& state_;
  Account account_;
  Gate gate_;
  simdjson::dom::parser parser_;
};

Answer HubSpot::answer(const ServerRequest& request) {
  const Route route = parse_route(request.path);
  Answer answer;
  if (route.resource == Resource::token) {
    answer.reply = answer_token(request, state_);
  } else if (const auto login = gate_.check_login(request)) {
    answer.reply = refuse(*login, state_.random);
  } else {
    const bool searches =
        route.resource == Resource::objects && route.rest.size() == 2 && route.rest[1] == "search";
    Headers headers;
    auto throttled =
        gate_.check_limits(request, searches ? LimitGroup::search : LimitGroup::general, headers);
    answer = throttled ? answer_of(*std::move(throttled)) : carry_out(request, route);
    answer.reply.headers.insert(answer.reply.headers.end(), headers.begin(), headers.end());
  }
  answer.route = route.shown;
  return answer;
}

Answer HubSpot::carry_out(const ServerRequest& request, const Route& route) {
  if (!is_json(request)) {
    return desk().refuse({415, "VALIDATION_ERROR", "The body has to be sent as application/json", {}});
  }
  switch (route.resource) {
    case Resource::objects:
      return answer_objects(request, route);
    case Resource::properties:
      return answer_properties(request, route);
    case Resource::schemas:
      return answer_schemas(request, route);
    case Resource::lists:
      return answer_lists(desk(), request, route.rest);
    case Resource::associations:
      return answer_associations(desk(), request, route.rest);
    case Resource::account:
      return show_account();
    case Resource::token:
    case Resource::unknown:
      return no_such_path();
  }
  return no_such_path();
}

Answer HubSpot::show_account() {
  constexpr const char* kDetails =
      R"({{"portalId":{},"accountType":"STANDARD","timeZone":"UTC","companyCurrency":"EUR",)"
      R"("utcOffset":"+00:00","utcOffsetMilliseconds":0}})";
  return answer_of(reply_of(200, fmt::format(fmt::runtime(kDetails), kPortalId)));
}

Answer HubSpot::answer_objects(const ServerRequest& request, const Route& route) {
  const auto& rest = route.rest;
  if (rest.empty()) return no_such_path();
  ObjectType* object = account_.object(rest[0]);
  if (object == nullptr) return no_object(rest[0]);
  if (rest.size() == 1) {
    if (request.method == "GET") return list_records(desk(), *object, request);
    if (request.method == "POST") return create_record(desk(), *object, request.body);
    return wrong_method();
  }
  if (rest.size() == 2 && rest[1] == "search") {
    return request.method == "POST" ? search(desk(), *object, request.body) : wrong_method();
  }
  if (rest.size() == 2) return answer_record(request, *object, rest[1]);
  if (rest.size() == 3 && rest[1] == "batch") return answer_batch(request, *object, rest[2]);
  return no_such_path();
}

Answer HubSpot::answer_batch(const ServerRequest& request, ObjectType& object, std::string_view operation) {
  if (request.method != "POST") return wrong_method();
  if (operation == "upsert") return write_batch(desk(), object, Operation::upsert, request.body);
  if (operation == "update") return write_batch(desk(), object, Operation::update, request.body);
  if (operation == "create") return write_batch(desk(), object, Operation::create, request.body);
  if (operation == "read") return read_batch(desk(), object, request);
  if (operation == "archive") return archive_batch(desk(), object, request.body);
  return no_such_path();
}

Answer HubSpot::answer_record(const ServerRequest& request, ObjectType& object, std::string_view id) {
  if (request.method == "GET") return get_record(desk(), object, id, request);
  if (request.method == "PATCH") return update_record(desk(), object, id, request);
  if (request.method == "DELETE") return archive_record(desk(), object, id);
  return wrong_method();
}

Answer HubSpot::answer_properties(const ServerRequest& request, const Route& route) {
  const auto& rest = route.rest;
  if (rest.empty() || rest.size() > 2) return no_such_path();
  ObjectType* object = account_.object(rest[0]);
  if (object == nullptr) return no_object(rest[0]);
  if (rest.size() == 1) {
    if (request.method == "GET") return list_properties(desk(), *object);
    if (request.method == "POST") return create_property(desk(), *object, request.body);
    return wrong_method();
  }
  if (request.method == "GET") return get_property(desk(), *object, rest[1]);
  if (request.method == "PATCH") return update_property(desk(), *object, rest[1], request.body);
  if (request.method == "DELETE") return archive_property(desk(), *object, rest[1]);
  return wrong_method();
}

Answer HubSpot::answer_schemas(const ServerRequest& request, const Route& route) {
  if (route.rest.size() > 1) return no_such_path();
  if (route.rest.size() == 1) {
    return request.method == "GET" ? get_schema(desk(), route.rest[0]) : wrong_method();
  }
  if (request.method == "GET") return list_schemas(desk());
  if (request.method == "POST") return create_schema(desk(), request.body);
  return wrong_method();
}

// Every value that was written, and none of those that HubSpot keeps itself.
void append_record_line(const Table& table, RecordNumber record, std::string& out) {
  const Record& kept = table.record(record);
  out += "{\"id\":\"";
  out += record_id(record);
  out += "\",\"properties\":{";
  Commas commas;
  kept.for_each([&](const Field& field) {
    commas.before_item(out);
    append_json_string(out, table.property_name(field.property));
    out.push_back(':');
    append_json_string(out, field.value);
  });
  out.push_back('}');
  append_stamps(out, kept);
  out += "}\n";
}

void HubSpot::append_records(std::string_view object, bool with_archived, std::string& out) {
  const Table* table = state_.find_table(table_name(object));
  if (table == nullptr) return;
  for (RecordNumber record = 0; record < table->size(); ++record) {
    if (with_archived || !table->record(record).archived()) append_record_line(*table, record, out);
  }
}

void HubSpot::append_counts(std::string& out) {
  Commas commas;
  for (const auto& [name, table] : state_.tables) {
    commas.before_item(out);
    append_json_string(out, name);
    out.push_back(':');
    append_number(out, table->live());
  }
}

}  // namespace

std::unique_ptr<Vendor> make_hubspot(State& state) {
  return std::make_unique<HubSpot>(state);
}

}  // namespace penstock::sandbox::hubspot
