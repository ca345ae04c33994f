#include "store/postgres/session.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <thread>

#include "base/random.h"
#include "declare/json.h"
#include "store/postgres/array_literal.h"
#include "store/postgres/copy_text.h"
#include "store/postgres/postgres.h"
#include "store/postgres/statements.h"
#include "store/rows_reply.h"

namespace penstock::postgres {
namespace {

bool is_class(const std::string& sqlstate, std::string_view of) {
  return sqlstate.starts_with(of);
}

// What may succeed when it is repeated: conflicts between transactions, a server that is full or going down,
// a lock or a statement that took too long.
bool is_passing(const std::string& sqlstate) {
  return is_class(sqlstate, "40") || is_class(sqlstate, "08") || is_class(sqlstate, "53") ||
         is_class(sqlstate, "57P") || is_class(sqlstate, "58") || sqlstate == "55P03" ||
         sqlstate == "57014" || sqlstate == "25P03" || sqlstate == "25006";
}

// What one row, or its value, is at fault for.
bool is_of_rows(const std::string& sqlstate) {
  return is_class(sqlstate, "21") || is_class(sqlstate, "22") || is_class(sqlstate, "23") ||
         is_class(sqlstate, "44") || is_class(sqlstate, "P0") || is_class(sqlstate, "54");
}

void mark(RowsReply& reply, const Rows& rows, RowsReply::State state) {
  for (size_t i = 0; i < rows.count(); ++i)
    reply.mark(std::strtoull(std::string(rows.text(i, 0)).c_str(), nullptr, 10), state);
}

std::string new_uuid() {
  Random random = Random::from_system();
  std::string out;
  for (const int digits : {8, 4, 4, 4, 12}) {
    if (!out.empty()) out += '-';
    for (int i = 0; i < digits; ++i) out += "0123456789abcdef"[random.below(16)];
  }
  return out;
}

std::string text_literal(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out;
}

}  // namespace

Session::Session(const Headers& headers)
    : connection_({header_text(headers, "Connection"), header_text(headers, "Password")}),
      timeout_seconds_(header_text(headers, "Statement-Timeout")) {
  if (const std::string table = header_text(headers, "Batches"); !table.empty())
    batches_ = quoted_table(table);
}

std::optional<StoreAnswer> Session::connect(const HttpRequest& request) {
  if (connection_.is_open()) return std::nullopt;
  connection_.set_deadline(request.timeouts.connect);
  const auto trouble = connection_.open();
  if (!trouble) return std::nullopt;
  if (trouble->login) return refusal(401, "login", trouble->message);
  if (trouble->database) return misconfigured(trouble->message, "name an existing database in `url`");
  return undone(trouble->message);
}

StoreAnswer Session::refused(Trouble trouble) {
  if (trouble.lost || is_passing(trouble.sqlstate)) return undone(std::move(trouble.message));
  if (is_class(trouble.sqlstate, "28")) return refusal(401, trouble.sqlstate, trouble.message);
  if (trouble.sqlstate == "42501") return refusal(403, trouble.sqlstate, trouble.message);
  if (is_of_rows(trouble.sqlstate)) return refusal(400, trouble.sqlstate, trouble.message);
  if (trouble.sqlstate == "42P10")
    return misconfigured("the column that is matched on has no unique index or constraint of its own",
                         "create a unique index on it");
  return misconfigured(fmt::format("{} ({})", trouble.message, trouble.sqlstate));
}

StoreAnswer Session::carry(const HttpRequest& request) {
  if (auto failed = connect(request)) return *std::move(failed);
  connection_.set_deadline(request.timeouts.total);
  const StorePath path = store_path(request.url);
  if (path.what == "fields") return describe_fields(path.object);
  if (request.method == "GET") return find(path.object, request.body);
  const Verb verb = request.method == "POST"    ? Verb::insert
                    : request.method == "PUT"   ? Verb::upsert
                    : request.method == "PATCH" ? Verb::update
                                                : Verb::remove;
  return write(verb, path.object, request.body);
}

StoreAnswer Session::describe_fields(const std::string& object) {
  Described described = describe(connection_, object);
  if (!described.table) return refused(std::move(described.trouble));
  declare::JsonWriter json;
  json.begin_object().key("fields").begin_array();
  for (const auto& column : described.table->columns) {
    json.begin_object().key("name").text(column.name).key("type").text(column.type);
    json.key("unique").boolean(column.unique).key("read_only").boolean(column.read_only);
    json.text_if("title", column.help).end_object();
  }
  json.end_array().end_object();
  return {.status = 200, .body = json.str(), .failure = std::nullopt};
}

// {"match": "email", "values": ["a@b.example"], "fields": ["name"]} ->
// {"records": [{"value": "a@b.example", "id": "a@b.example", "fields": {"name": "Ana"}}]}
StoreAnswer Session::find(const std::string& object, const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view match;
  simdjson::dom::element values;
  if (parser.parse(body).get(root) != simdjson::SUCCESS || root["match"].get(match) != simdjson::SUCCESS ||
      root["values"].get(values) != simdjson::SUCCESS)
    return misconfigured("a look-up needs `match` and `values`");
  std::optional<StoreAnswer> failed;
  const Table* table = table_of(object, failed);
  if (table == nullptr) return *std::move(failed);
  const Column* column = table->find(match);
  if (column == nullptr) return misconfigured(fmt::format("{} has no column '{}'", table->name, match));
  std::vector<std::string> fields;
  simdjson::dom::array asked;
  if (root["fields"].get(asked) == simdjson::SUCCESS)
    for (const simdjson::dom::element field : asked)
      if (std::string_view name; field.get(name) == simdjson::SUCCESS) fields.emplace_back(name);
  const Outcome outcome =
      connection_.run(find_rows(*table, *column, fields), {array_literal(simdjson::minify(values))});
  if (!outcome.ok()) return refused(outcome.trouble);
  declare::JsonWriter json;
  json.begin_object().key("records").begin_array();
  for (size_t i = 0; i < outcome.rows->count(); ++i) {
    json.begin_object().key("value").text(outcome.rows->text(i, 0)).key("id").text(outcome.rows->text(i, 0));
    json.key("fields").begin_object();
    for (size_t at = 0; at < fields.size(); ++at)
      if (!outcome.rows->is_null(i, at + 1)) json.key(fields[at]).text(outcome.rows->text(i, at + 1));
    json.end_object().end_object();
  }
  json.end_array().end_object();
  return {.status = 200, .body = json.str(), .failure = std::nullopt};
}

StoreAnswer Session::write(Verb verb, const std::string& object, const std::string& text) {
  auto body = RowsBody::read(text);
  if (!body.ok()) return misconfigured(body.error().message);
  std::optional<StoreAnswer> failed;
  const Table* table = table_of(object, failed);
  if (table == nullptr) return *std::move(failed);
  for (const auto& column : body->columns)
    if (table->find(column) == nullptr)
      return misconfigured(fmt::format("{} has no column '{}'", table->name, column),
                           "add the column, or take the field out of the sync");
  StoreAnswer answer = write_rows(verb, *body, *table);
  if (answer.ok()) return answer;
  // What is left of a transaction ends here; a connection that cannot even do that is not kept.
  if (connection_.is_open() && !connection_.run("rollback").ok()) connection_.close();
  tables_.clear();
  return answer;
}

// Asked once a session, and again after a failure: somebody may have changed the table.
const Table* Session::table_of(const std::string& object, std::optional<StoreAnswer>& failed) {
  const auto known = tables_.find(object);
  if (known != tables_.end()) return &known->second;
  Described described = describe(connection_, object);
  if (described.table) return &tables_.emplace(object, *std::move(described.table)).first->second;
  failed = refused(std::move(described.trouble));
  return nullptr;
}

std::optional<Trouble> Session::stage(const RowsBody& body, const Table& table, const std::string& batch) {
  std::string begin = "begin; ";
  if (!timeout_seconds_.empty())
    begin += fmt::format("set local statement_timeout = '{}s'; ",
                         std::strtoul(timeout_seconds_.c_str(), nullptr, 10));
  begin += create_stage(body, table);
  if (!batch.empty()) begin += fmt::format("; insert into {} (id) values ('{}')", batches_, batch);
  Outcome begun = connection_.run(begin);
  if (!begun.ok()) return std::move(begun.trouble);
  Outcome copied = connection_.copy_in(copy_into_stage(), copy_text(body, table));
  if (!copied.ok()) return std::move(copied.trouble);
  return std::nullopt;
}

StoreAnswer Session::write_rows(Verb verb, const RowsBody& body, const Table& table) {
  using State = RowsReply::State;
  // Everything but an insert may be repeated without asking.
  const std::string batch = verb == Verb::insert && !batches_.empty() ? new_uuid() : "";
  if (!batch.empty())
    if (auto trouble = prepare_batches()) return refused(*std::move(trouble));
  if (auto trouble = stage(body, table, batch)) return refused(*std::move(trouble));
  RowsReply reply(body);
  if (verb == Verb::remove) {
    Outcome outcome = connection_.run(delete_rows(body, table));
    if (!outcome.ok()) return refused(std::move(outcome.trouble));
  }
  for (uint32_t shape = 0; shape < body.shapes.size() && verb != Verb::remove; ++shape) {
    const std::string sql = verb == Verb::insert   ? insert_rows(body, table, shape)
                            : verb == Verb::upsert ? upsert_rows(body, table, shape)
                                                   : update_rows(body, table, shape);
    Outcome outcome = connection_.run(sql);
    if (!outcome.ok()) return refused(std::move(outcome.trouble));
    if (verb == Verb::update) reply.mark_shape(shape, State::absent);
    // An insert that may meet rows with the same key tells which rows it wrote.
    const bool tells = PQnfields(outcome.rows->get()) > 0;
    if (verb == Verb::insert && tells) reply.mark_shape(shape, State::present);
    mark(reply, *outcome.rows, verb == Verb::update ? State::done : State::created);
  }
  return commit(batch, {.status = 200, .body = reply.json(), .failure = std::nullopt});
}

StoreAnswer Session::commit(const std::string& batch, StoreAnswer done) {
  Outcome outcome = connection_.run("commit");
  if (outcome.ok()) {
    if (std::string_view(PQcmdStatus(const_cast<PGresult*>(outcome.rows->get()))) == "COMMIT") return done;
    return undone("the server rolled the transaction back");
  }
  if (!outcome.trouble.lost) return refused(std::move(outcome.trouble));
  connection_.close();
  if (batch.empty()) return unknown_outcome("the connection broke while the transaction was being committed");
  return ask_what_became_of(batch, std::move(done));
}

// Writing the same batch's id again waits for the lost transaction to end, and tells how it ended: the id is
// there, or it is ours now, and the lost transaction can never be committed. (The transaction's own number
// cannot be asked for: a server that crashed gives such numbers out again.)
StoreAnswer Session::ask_what_became_of(const std::string& batch, StoreAnswer done) {
  constexpr auto kPatience = std::chrono::seconds(60);
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < until) {
    connection_.set_deadline(20s);
    if (connection_.is_open() || !connection_.open()) {
      const Outcome outcome = connection_.run(
          fmt::format("insert into {} (id) values ($1::uuid) on conflict do nothing returning id", batches_),
          {batch});
      if (outcome.ok() && outcome.rows->count() == 0) return done;
      if (outcome.ok()) return undone("the connection broke before the transaction was committed");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return unknown_outcome("the connection broke while the transaction was being committed");
}

// The table of batches, made when it is first needed; what is older than a week cannot be asked for any more.
std::optional<Trouble> Session::prepare_batches() {
  if (batches_.empty() || batches_ready_) return std::nullopt;
  Outcome outcome =
      connection_.run(fmt::format("select to_regclass('{}') is not null", text_literal(batches_)));
  if (outcome.ok() && outcome.rows->text(0, 0) != "t")
    outcome = connection_.run(fmt::format(
        "create table if not exists {} (id uuid primary key, written timestamptz not null default now())",
        batches_));
  if (outcome.ok())
    outcome =
        connection_.run(fmt::format("delete from {} where written < now() - interval '7 days'", batches_));
  if (!outcome.ok()) return std::move(outcome.trouble);
  batches_ready_ = true;
  return std::nullopt;
}

}  // namespace penstock::postgres

namespace penstock {

std::unique_ptr<StoreSession> make_postgres_session(const Headers& headers) {
  return std::make_unique<postgres::Session>(headers);
}

}  // namespace penstock
