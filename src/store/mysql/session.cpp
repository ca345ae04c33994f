#include "store/mysql/session.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "declare/json.h"
#include "store/mysql/mysql.h"

namespace penstock::mysql {
namespace {

template <size_t size>
bool is_one_of(unsigned code, const unsigned (&codes)[size]) {
  return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

// Locks, a server that is full, read-only for a while, or going down.
bool is_passing(unsigned code) {
  static constexpr unsigned kCodes[] = {ER_LOCK_WAIT_TIMEOUT,         ER_LOCK_DEADLOCK,
                                        ER_CON_COUNT_ERROR,           ER_SERVER_SHUTDOWN,
                                        ER_QUERY_INTERRUPTED,         ER_TOO_MANY_USER_CONNECTIONS,
                                        ER_OPTION_PREVENTS_STATEMENT, ER_STATEMENT_TIMEOUT};
  return is_one_of(code, kCodes);
}

bool is_login(unsigned code) {
  static constexpr unsigned kCodes[] = {ER_ACCESS_DENIED_ERROR, 1698, ER_DBACCESS_DENIED_ERROR,
                                        ER_MUST_CHANGE_PASSWORD};
  return is_one_of(code, kCodes);
}

bool is_right(unsigned code) {
  static constexpr unsigned kCodes[] = {ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR,
                                        ER_SPECIFIC_ACCESS_DENIED_ERROR};
  return is_one_of(code, kCodes);
}

bool is_of_rows(const Trouble& trouble) {
  static constexpr unsigned kCodes[] = {ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
                                        ER_WARN_DATA_OUT_OF_RANGE,
                                        ER_DATA_TOO_LONG,
                                        ER_TRUNCATED_WRONG_VALUE,
                                        WARN_DATA_TRUNCATED,
                                        ER_NO_DEFAULT_FOR_FIELD,
                                        ER_DUP_ENTRY,
                                        ER_BAD_NULL_ERROR,
                                        ER_NET_PACKET_TOO_LARGE,
                                        3140,
                                        3819,
                                        4025,
                                        ER_SIGNAL_EXCEPTION};
  return trouble.sqlstate.starts_with("22") || trouble.sqlstate.starts_with("23") ||
         trouble.sqlstate.starts_with("45") || is_one_of(trouble.code, kCodes);
}

std::string typed(const Column& column) {
  return fmt::format("{} {} null", column.type, column.collation);
}

size_t key_column(const RowsBody& body, uint32_t shape) {
  for (const uint32_t number : body.shapes[shape])
    if (body.columns[number] == body.match) return number;
  return body.columns.size();
}

// The text of a value as payloads have it: bytes are base64, bits a number.
std::string as_it_was_sent(const Column* column, const std::string& name) {
  if (column != nullptr && column->data_type == "bit") return fmt::format("cast(t.{} + 0 as char)", name);
  if (column != nullptr && column->is_binary())
    return fmt::format("replace(to_base64(t.{}), '\n', '')", name);
  return fmt::format("cast(t.{} as char)", name);
}

}  // namespace

namespace {

Login login_of(const Headers& headers) {
  const auto text = [&](std::string_view name) {
    const auto* value = find_header(headers, name);
    return value == nullptr ? std::string() : *value;
  };
  // Values that do not fit are refused, not bent; times are UTC.
  return {.url = text("Connection"),
          .password = text("Password"),
          .encryption = text("Encryption"),
          .session =
              "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
              "autocommit = 1",
          .flags = CLIENT_FOUND_ROWS};
}

}  // namespace

Session::Session(const Headers& headers) : connection_(login_of(headers)) {
  const std::string text = header_text(headers, "Statement-Timeout");
  std::from_chars(text.data(), text.data() + text.size(), answer_seconds_);
}

Session::Failed Session::connect(const HttpRequest& request) {
  if (connection_.is_open()) return std::nullopt;
  tables_.clear();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(request.timeouts.connect).count();
  const auto trouble =
      connection_.open(static_cast<unsigned>(std::max<int64_t>(1, seconds)), answer_seconds_);
  if (!trouble) return std::nullopt;
  connection_.close();
  if (trouble->code == 0) return misconfigured(trouble->message);
  if (trouble->code == CR_SSL_CONNECTION_ERROR)
    return misconfigured(trouble->message, "see `encryption` in the destination's file");
  return refused(*trouble);
}

StoreAnswer Session::refused(const Trouble& trouble, std::string_view match_index) {
  const std::string code = fmt::to_string(trouble.code);
  if (is_login(trouble.code)) return refusal(401, code, trouble.message);
  if (trouble.lost || is_passing(trouble.code)) return undone(trouble.message);
  if (is_right(trouble.code)) return refusal(403, code, trouble.message);
  // Somebody else wrote a row with this match since it was looked for.
  if (trouble.code == ER_DUP_ENTRY && !match_index.empty() &&
      (trouble.message.ends_with(fmt::format("'{}'", match_index)) ||
       trouble.message.ends_with(fmt::format(".{}'", match_index))))
    return undone(trouble.message);
  if (is_of_rows(trouble)) return refusal(400, code, trouble.message);
  return misconfigured(fmt::format("{} ({})", trouble.message, trouble.code));
}

Session::Failed Session::run(const std::string& sql, std::string_view match_index) {
  const Outcome outcome = connection_.run(sql);
  if (outcome.ok()) return std::nullopt;
  return refused(*outcome.trouble, match_index);
}

StoreAnswer Session::carry(const HttpRequest& request) {
  if (auto failed = connect(request)) return *std::move(failed);
  const StorePath path = store_path(request.url);
  if (path.what == "fields") return describe_fields(path.object);
  if (request.method == "GET") return find(path.object, request.body);
  const Verb verb = request.method == "POST"    ? Verb::insert
                    : request.method == "PUT"   ? Verb::upsert
                    : request.method == "PATCH" ? Verb::update
                                                : Verb::remove;
  return write(verb, path.object, request.body);
}

const Table* Session::table_of(const std::string& object, Failed& failed) {
  if (const auto known = tables_.find(object); known != tables_.end()) return &known->second;
  Described described = describe(connection_, object);
  if (described.table) return &tables_.emplace(object, *std::move(described.table)).first->second;
  failed = described.trouble ? refused(*described.trouble)
                             : misconfigured(fmt::format("there is no table {}", quoted_table(object)),
                                             "create it, or give the login the right to see it");
  return nullptr;
}

StoreAnswer Session::describe_fields(const std::string& object) {
  Failed failed;
  tables_.clear();
  const Table* table = table_of(object, failed);
  if (table == nullptr) return *std::move(failed);
  declare::JsonWriter json;
  json.begin_object().key("fields").begin_array();
  for (const auto& column : table->columns) {
    json.begin_object().key("name").text(column.name).key("type").text(column.type);
    json.key("unique").boolean(!column.index.empty()).key("read_only").boolean(column.read_only);
    json.text_if("title", column.help).end_object();
  }
  json.end_array().end_object();
  return {.status = 200, .body = json.str(), .failure = std::nullopt};
}

StoreAnswer Session::find(const std::string& object, const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view match;
  simdjson::dom::array values, asked;
  if (parser.parse(body).get(root) != simdjson::SUCCESS || root["match"].get(match) != simdjson::SUCCESS ||
      root["values"].get(values) != simdjson::SUCCESS)
    return misconfigured("a look-up needs `match` and `values`");
  Failed failed;
  const Table* table = table_of(object, failed);
  if (table == nullptr) return *std::move(failed);
  const Column* column = table->find(match);
  if (column == nullptr) return misconfigured(fmt::format("{} has no column '{}'", table->name, match));
  std::vector<std::string> fields, sent;
  if (root["fields"].get(asked) == simdjson::SUCCESS)
    for (const simdjson::dom::element field : asked)
      if (std::string_view name; field.get(name) == simdjson::SUCCESS) fields.emplace_back(name);
  std::string fill;
  for (const simdjson::dom::element value : values) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) continue;
    fill += fmt::format("{}({}, ", fill.empty() ? "" : ", ", sent.size());
    append_value(connection_, fill, text, column);
    fill += ')';
    sent.emplace_back(text);
  }
  std::string columns;
  for (const auto& field : fields) columns += ", " + as_it_was_sent(table->find(field), quoted_name(field));
  for (const auto& sql :
       {std::string("drop temporary table if exists penstock_values"),
        fmt::format("create temporary table penstock_values (n int not null primary key, k {})",
                    typed(*column)),
        sent.empty() ? std::string("do 0") : "insert into penstock_values values " + fill})
    if (auto trouble = run(sql)) return *std::move(trouble);
  const Outcome outcome =
      connection_.run(fmt::format("select s.n{} from penstock_values s join {} t on t.{} = s.k", columns,
                                  table->name, mysql::quoted_name(match)));
  if (!outcome.ok()) return refused(*outcome.trouble);
  declare::JsonWriter json;
  json.begin_object().key("records").begin_array();
  for (const auto& row : outcome.rows) {
    const std::string& value = sent[std::strtoull(row[0]->c_str(), nullptr, 10)];
    json.begin_object().key("value").text(value).key("id").text(value).key("fields").begin_object();
    for (size_t at = 0; at < fields.size(); ++at)
      if (row[at + 1]) json.key(fields[at]).text(*row[at + 1]);
    json.end_object().end_object();
  }
  json.end_array().end_object();
  return {.status = 200, .body = json.str(), .failure = std::nullopt};
}

StoreAnswer Session::write(Verb verb, const std::string& object, const std::string& text) {
  auto body = RowsBody::read(text);
  if (!body.ok()) return misconfigured(body.error().message);
  Failed failed;
  const Table* table = table_of(object, failed);
  if (table == nullptr) return *std::move(failed);
  for (const auto& column : body->columns)
    if (table->find(column) == nullptr)
      return misconfigured(fmt::format("{} has no column '{}'", table->name, column),
                           "add the column, or take the field out of the sync");
  if (!body->match.empty() && table->find(body->match) == nullptr)
    return misconfigured(fmt::format("{} has no column '{}'", table->name, body->match));
  StoreAnswer answer = write_rows(verb, *body, *table);
  if (answer.ok()) return answer;
  if (connection_.is_open() && !connection_.run("rollback").ok()) connection_.close();
  tables_.clear();
  return answer;
}

Session::Failed Session::stage(Verb verb, const RowsBody& body, const Table& table) {
  std::string columns = "n int not null primary key, shape int not null, there tinyint not null default 0";
  if (!body.match.empty()) columns += ", k " + typed(*table.find(body.match));
  // A match that occurs twice would make the outcome a matter of chance.
  if (verb == Verb::upsert) columns += ", unique (k)";
  for (size_t i = 0; i < body.columns.size(); ++i)
    columns += fmt::format(", c{} {}", i, typed(*table.find(body.columns[i])));
  if (auto failed = run("drop temporary table if exists penstock_rows")) return failed;
  if (auto failed = run(fmt::format("create temporary table penstock_rows ({})", columns))) return failed;
  if (auto failed = run("start transaction")) return failed;
  return fill(body, table);
}

Session::Failed Session::fill(const RowsBody& body, const Table& table) {
  std::vector<const Column*> columns;
  for (const auto& name : body.columns) columns.push_back(table.find(name));
  const Column* key = table.find(body.match);
  std::vector<Cell> cells;
  std::string head = "insert into penstock_rows (n, shape";
  if (!body.match.empty()) head += ", k";
  for (size_t i = 0; i < columns.size(); ++i) head += fmt::format(", c{}", i);
  head += ") values ";
  std::string sql = head;
  for (size_t i = 0; i < body.rows.size(); ++i) {
    const BodyRow& row = body.rows[i];
    cells.assign(columns.size(), std::nullopt);
    for (size_t at = 0; at < row.values.size(); ++at) cells[body.shapes[row.shape][at]] = row.values[at];
    sql += fmt::format("{}({}, {}", sql.size() == head.size() ? "" : ", ", i, row.shape);
    if (!body.match.empty()) {
      sql += ", ";
      append_value(connection_, sql, row.key, key);
    }
    for (size_t at = 0; at < columns.size(); ++at) {
      sql += ", ";
      append_value(connection_, sql, cells[at], columns[at]);
    }
    sql += ')';
    if (sql.size() < connection_.statement_bytes_max() / 2 && i + 1 < body.rows.size()) continue;
    if (auto failed = run(sql)) return failed;
    sql = head;
  }
  return std::nullopt;
}

Session::Failed Session::mark_present(Verb verb, const RowsBody& body, const Table& table, RowsReply& reply) {
  using State = RowsReply::State;
  const std::string match = mysql::quoted_name(body.match);
  for (uint32_t shape = 0; shape < body.shapes.size(); ++shape) {
    reply.mark_shape(shape, verb == Verb::update ? State::absent : State::created);
    const std::string key =
        verb == Verb::insert ? fmt::format("s.c{}", key_column(body, shape)) : std::string("s.k");
    if (verb == Verb::insert && key_column(body, shape) == body.columns.size()) continue;
    const Outcome outcome = connection_.run(
        fmt::format("select s.n from penstock_rows s join {} t on t.{} = {} where s.shape = {}", table.name,
                    match, key, shape));
    if (!outcome.ok()) return refused(*outcome.trouble);
    std::string numbers;
    for (const auto& row : outcome.rows) {
      reply.mark(std::strtoull(row[0]->c_str(), nullptr, 10),
                 verb == Verb::insert ? State::present : State::done);
      numbers += (numbers.empty() ? "" : ",") + *row[0];
    }
    if (numbers.empty()) continue;
    if (auto failed = run(fmt::format("update penstock_rows set there = 1 where n in ({})", numbers)))
      return failed;
  }
  return std::nullopt;
}

Session::Failed Session::write_shape(Verb verb, const RowsBody& body, const Table& table, uint32_t shape) {
  std::string columns, values, set;
  if (verb == Verb::upsert) {
    columns = mysql::quoted_name(body.match);
    values = "s.k";
  }
  for (const uint32_t number : body.shapes[shape]) {
    const std::string& name = body.columns[number];
    set += fmt::format(
        "{}t.{} = {}", set.empty() ? "" : ", ", mysql::quoted_name(name),
        name == body.match ? fmt::format("coalesce(s.c{}, s.k)", number) : fmt::format("s.c{}", number));
    if (verb == Verb::upsert && name == body.match) continue;
    columns += fmt::format("{}{}", columns.empty() ? "" : ", ", mysql::quoted_name(name));
    values += fmt::format("{}s.c{}", values.empty() ? "" : ", ", number);
  }
  if (verb != Verb::insert && !set.empty())
    if (auto failed = run(fmt::format(
            "update {} t join penstock_rows s on t.{} = s.k set {} where s.shape = {} and s.there = 1",
            table.name, mysql::quoted_name(body.match), set, shape)))
      return failed;
  if (verb == Verb::update) return std::nullopt;
  const Column* match = table.find(body.match);
  return run(
      fmt::format("insert into {} ({}) select {} from penstock_rows s where s.shape = {} and s.there = 0 "
                  "order by s.n",
                  table.name, columns, values, shape),
      match == nullptr ? "" : match->index);
}

StoreAnswer Session::write_rows(Verb verb, const RowsBody& body, const Table& table) {
  if (auto failed = stage(verb, body, table)) return *std::move(failed);
  RowsReply reply(body);
  if (verb == Verb::remove) {
    if (auto failed = run(fmt::format("delete t from {} t join penstock_rows s on t.{} = s.k", table.name,
                                      mysql::quoted_name(body.match))))
      return *std::move(failed);
  } else {
    if (!body.match.empty())
      if (auto failed = mark_present(verb, body, table, reply)) return *std::move(failed);
    for (uint32_t shape = 0; shape < body.shapes.size(); ++shape)
      if (auto failed = write_shape(verb, body, table, shape)) return *std::move(failed);
  }
  return commit({.status = 200, .body = reply.json(), .failure = std::nullopt});
}

StoreAnswer Session::commit(StoreAnswer done) {
  const Outcome outcome = connection_.run("commit");
  if (outcome.ok()) return done;
  // This server cannot be asked later what became of a transaction.
  if (outcome.trouble->lost) return unknown_outcome(outcome.trouble->message);
  return refused(*outcome.trouble);
}

}  // namespace penstock::mysql

namespace penstock {

std::unique_ptr<StoreSession> make_mysql_session(const Headers& headers) {
  return std::make_unique<mysql::Session>(headers);
}

}  // namespace penstock
