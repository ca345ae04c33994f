// Single records: list, create, get, update, archive.
#include "sandbox/hubspot/records.h"

#include <fmt/format.h>

#include <charconv>

#include "sandbox/hubspot/body.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

namespace json = simdjson::dom;

constexpr size_t kPageDefault = 10;
constexpr size_t kListPageMax = 100;

std::optional<size_t> parse_count(std::string_view text) {
  size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

// The body {"properties":{…}} of a single write as a batch of one row.
std::optional<Refusal> read_single(Desk desk, ObjectType& object, std::string_view body, Batch& batch) {
  json::object document;
  Row& row = batch.rows.front();
  if (auto refusal = parse_body(desk.parser, body, document)) return refusal;
  if (document["properties"].get(row.properties) != simdjson::SUCCESS || !row.properties.is_object()) {
    return unreadable("there is no object 'properties'");
  }
  std::vector<NamedProblem> fatal;
  if (auto refusal =
          read_properties(row.properties, object, desk.state.options.strict, row, batch.texts, fatal)) {
    return refusal;
  }
  if (!fatal.empty()) return refuse_values(fatal);
  judge(row, batch.operation, object, desk.state);
  return row.refusal;
}

Answer write_single(Desk desk, ObjectType& object, std::string_view body, Batch batch) {
  if (const auto refusal = read_single(desk, object, body, batch)) {
    Answer answer = desk.refuse(*refusal);
    answer.rows = answer.rejected = 1;
    return answer;
  }
  const Row& row = batch.rows.front();
  write(batch.rows.front(), batch, object, desk.state);
  Answer answer = answer_of(reply_of(batch.operation == Operation::create ? 201 : 200, "{"), 1);
  append_written_members(answer.reply.body, object, *row.record, row.fields);
  answer.reply.body.push_back('}');
  return answer;
}

void append_paging(std::string& out, std::string_view after) {
  out += ",\"paging\":{\"next\":{\"after\":";
  append_json_string(out, after);
  out += "}}";
}

struct Page {
  size_t limit = kPageDefault;
  RecordNumber first = 0;
  bool archived = false;
  std::vector<std::string> properties;
};

// `after` is the id of the last record of the page before.
std::optional<Refusal> parse_page(const ServerRequest& request, const Table& table, Page& page) {
  const auto limit = parse_count(request.parameter("limit").value_or(std::to_string(kPageDefault)));
  if (!limit || *limit == 0 || *limit > kListPageMax) {
    return invalid(fmt::format("'limit' must be a number from 1 to {}", kListPageMax));
  }
  page.limit = *limit;
  page.archived = request.parameter("archived") == "true";
  page.properties = split_names(request.parameter("properties").value_or(""));
  const auto after = request.parameter("after");
  if (!after || after->empty() || *after == "0") return std::nullopt;
  const auto last = find_record(table, *after);
  if (!last) return invalid(fmt::format("'{}' is no valid 'after'", *after));
  page.first = *last + 1;
  return std::nullopt;
}

}  // namespace

std::optional<RecordNumber> look_up(const ObjectType& object, std::string_view id,
                                    std::string_view id_property, bool archived) {
  const Table& table = object.table();
  if (id_property.empty() || id_property == "hs_object_id") {
    const auto record = find_record(table, id);
    return record && table.record(*record).archived() == archived ? record : std::nullopt;
  }
  const auto property = table.find_property(id_property);
  if (!property || archived) return std::nullopt;
  const auto kept = kept_form(object.definition(*property), id);
  return table.find_unique(*property, kept ? std::string_view(*kept) : id);
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (comma != 0) names.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return names;
}

Answer list_records(Desk desk, ObjectType& object, const ServerRequest& request) {
  Page page;
  const Table& table = object.table();
  if (auto refusal = parse_page(request, table, page)) return desk.refuse(*refusal);
  Answer answer;
  std::string& out = answer.reply.body;
  out = "{\"results\":[";
  Commas commas;
  std::optional<RecordNumber> last;
  size_t count = 0;
  bool more = false;
  for (RecordNumber record = page.first; record < table.size() && !more; ++record) {
    if (table.record(record).archived() != page.archived) continue;
    more = count == page.limit;
    if (more) break;
    ++count;
    last = record;
    commas.before_item(out);
    out.push_back('{');
    append_record_members(out, object, record, table.record(record), page.properties);
    out.push_back('}');
  }
  out.push_back(']');
  if (more) append_paging(out, record_id(*last));
  out.push_back('}');
  return answer;
}

Answer create_record(Desk desk, ObjectType& object, std::string_view body) {
  Batch batch{.operation = Operation::create, .rows = {}, .texts = {}};
  batch.rows.emplace_back();
  return write_single(desk, object, body, std::move(batch));
}

Answer get_record(Desk desk, ObjectType& object, std::string_view id, const ServerRequest& request) {
  const std::string id_property = request.parameter("idProperty").value_or("");
  const auto record = look_up(object, id, id_property, request.parameter("archived") == "true");
  if (!record) return desk.refuse(not_found(object));
  Answer answer;
  answer.reply.body = "{";
  const auto properties = split_names(request.parameter("properties").value_or(""));
  append_record_members(answer.reply.body, object, *record, object.table().record(*record), properties);
  answer.reply.body.push_back('}');
  return answer;
}

Answer update_record(Desk desk, ObjectType& object, std::string_view id, const ServerRequest& request) {
  const auto record = look_up(object, id, request.parameter("idProperty").value_or(""), false);
  if (!record) return desk.refuse(not_found(object));
  Batch batch{.operation = Operation::update, .rows = {}, .texts = {}};
  const std::string record_as_id = record_id(*record);
  batch.rows.emplace_back().id = record_as_id;
  return write_single(desk, object, request.body, std::move(batch));
}

Answer archive_record(Desk desk, ObjectType& object, std::string_view id) {
  if (const auto record = look_up(object, id, "", false)) {
    const Time now = desk.state.now;
    object.table().archive(*record, now);
    desk.state.history.add(object.name(), {"archive", id, id, {}}, now);
  }
  return answer_of(reply_of(204), 1);
}

}  // namespace penstock::sandbox::hubspot
