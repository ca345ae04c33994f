#include "rehearse/test_rows.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "payload/payload.h"

namespace penstock::rehearse {
namespace {

using config::TestCase;
using declare::Node;

std::string lower_text(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string first_line_of(const std::string& message) {
  return message.substr(0, message.find('\n'));
}

// What a value looks like.
enum class Looks { nothing, boolean, integer, decimal, real, text, nested };

Looks looks_of(const Node& value) {
  if (value.is_null()) return Looks::nothing;
  if (!value.is_scalar()) return Looks::nested;
  switch (value.meaning()) {
    case Node::Meaning::boolean:
      return Looks::boolean;
    case Node::Meaning::integer:
      return Looks::integer;
    case Node::Meaning::number:
      return value.text.find_first_of("eE") == std::string::npos && value.text.size() <= 38 &&
                     value.text.find_first_not_of("+-.0123456789") == std::string::npos
                 ? Looks::decimal
                 : Looks::real;
    case Node::Meaning::null:
      return Looks::nothing;
    case Node::Meaning::text:
      break;
  }
  return Looks::text;
}

Looks together(Looks a, Looks b) {
  if (a == b || b == Looks::nothing) return a;
  if (a == Looks::nothing) return b;
  const auto is_number = [](Looks looks) {
    return looks == Looks::integer || looks == Looks::decimal || looks == Looks::real;
  };
  return is_number(a) && is_number(b) ? std::max(a, b) : Looks::text;
}

size_t fraction_digits(const std::string& text) {
  const size_t dot = text.find('.');
  return dot == text.npos ? 0 : text.size() - dot - 1;
}

// The last part of every "column_names": ["t", "name"] in a parsed statement.
void collect_columns(simdjson::dom::element node, std::vector<std::string>& names) {
  if (node.is_array())
    for (const auto item : simdjson::dom::array(node)) collect_columns(item, names);
  if (!node.is_object()) return;
  for (const auto member : simdjson::dom::object(node)) {
    if (member.key != "column_names" || !member.value.is_array()) {
      collect_columns(member.value, names);
      continue;
    }
    std::string_view last;
    for (const auto part : simdjson::dom::array(member.value)) (void)part.get(last);
    const std::string name(last);
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
}

// Names of columns in an expression, by DuckDB's own parser. One that it cannot read has none: the mapping
// says what is wrong with it.
std::vector<std::string> columns_of(duck::Connection& connection, const std::string& expression) {
  std::vector<std::string> names;
  const std::string statement = fmt::format("SELECT ({})", expression);
  const auto parsed = connection.texts(
      fmt::format("SELECT CAST(json_serialize_sql({}) AS VARCHAR)", duck::quote_text(statement)));
  if (!parsed.ok() || parsed->empty() || !(*parsed)[0][0]) return names;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(*(*parsed)[0][0]).get(root) == simdjson::SUCCESS) collect_columns(root, names);
  return names;
}

}  // namespace

TestRows::TestRows(const config::Test& test, const config::Model& model, const config::Sync& sync,
                   declare::Diagnostics& diagnostics)
    : test_(test), model_(model), sync_(sync), diagnostics_(diagnostics) {}

TestRows::Column* TestRows::column(std::string_view name) {
  const std::string wanted = lower_text(name);
  for (Column& each : columns_)
    if (lower_text(each.name) == wanted) return &each;
  return nullptr;
}

void TestRows::add_column(const std::string& name, const declare::Place& place) {
  if (column(name) == nullptr) columns_.push_back({name, "", place});
}

bool TestRows::is_key(std::string_view name) const {
  return std::any_of(model_.primary_key.begin(), model_.primary_key.end(),
                     [&](const auto& key) { return lower_text(*key) == lower_text(name); });
}

void TestRows::read_expression(duck::Connection& connection, const declare::Passage& sql) {
  Expression& one = expressions_.emplace_back();
  one.sql = sql.text;
  one.columns = columns_of(connection, sql.text);
  for (const auto& name : one.columns) {
    of_sync_.insert(lower_text(name));
    add_column(name, sql.place);
  }
}

// A column that has no value in any row still has a type in the model, and expressions may ask for it: the
// first that fits is taken.
void TestRows::guess_types(duck::Connection& connection) {
  for (const Expression& expression : expressions_) {
    std::vector<Column*> untyped;
    for (const auto& name : expression.columns)
      if (Column* each = column(name); each->type.empty()) untyped.push_back(each);
    if (untyped.empty()) continue;
    for (const char* type : {"VARCHAR", "BIGINT", "TIMESTAMP", "BOOLEAN", "VARCHAR[]", "JSON", "DATE"}) {
      for (Column* each : untyped) each->type = type;
      std::string columns;
      for (const auto& name : expression.columns)
        columns += fmt::format("{}CAST(NULL AS {}) AS {}", columns.empty() ? "" : ", ", column(name)->type,
                               duck::quote_name(name));
      if (connection.describe(fmt::format("SELECT ({}) FROM (SELECT {})", expression.sql, columns)).ok())
        break;
      for (Column* each : untyped) each->type.clear();
    }
  }
  for (Column& each : columns_)
    if (each.type.empty()) each.type = is_key(each.name) ? "BIGINT" : "VARCHAR";
}

// Every column that the sync reads, and every one that the test names.
void TestRows::gather(duck::Connection& connection) {
  const auto reads = [&](const std::string& name, const declare::Place& place) {
    of_sync_.insert(lower_text(name));
    add_column(name, place);
  };
  for (const auto& key : model_.primary_key) reads(*key, key.place);
  for (const auto& match : sync_.match) {
    if (match.value.from) reads(**match.value.from, match.value.from->place);
    if (match.value.sql) read_expression(connection, *match.value.sql);
  }
  for (const auto& field : sync_.fields) {
    if (field.value.from) reads(**field.value.from, field.value.from->place);
    if (field.value.message)
      for (const auto& name : (*field.value.message)->columns()) reads(name, field.value.message->place);
    if (field.value.sql) read_expression(connection, *field.value.sql);
  }
  for (const auto& each : test_.columns) {
    add_column(each.name, each.name_place);
    Column* known = column(each.name);
    known->type = each.value;
    known->place = each.name_place;
  }
  const auto add_row = [&](const TestCase::Row& row) {
    for (const auto& each : row) add_column(each.name, each.name_place);
  };
  for (const auto& each : test_.cases) {
    if (each.row) add_row(*each.row);
    for (const auto& row : each.rows) add_row(row);
  }
}

// A column that nothing reads may be one of the model; when it looks like one that is read it is a slip.
void TestRows::warn_of_strangers() {
  std::vector<std::string> known(of_sync_.begin(), of_sync_.end());
  for (const Column& each : columns_) {
    if (of_sync_.contains(lower_text(each.name))) continue;
    const std::string hint = declare::did_you_mean(each.name, known);
    if (hint.empty()) continue;
    auto& warning = diagnostics_.warning(
        each.place, fmt::format("sync '{}' does not read a column '{}'", sync_.name, each.name));
    warning.hint = hint;
    warning.remedy = fmt::format("it reads {}", declare::list_names(known));
  }
}

void TestRows::infer_types(duck::Connection& connection) {
  struct Seen {
    Looks looks = Looks::nothing;
    size_t fraction = 0;
    size_t digits = 0;
  };
  std::map<std::string, Seen> seen;
  const auto look = [&](const TestCase::Row& row) {
    for (const auto& each : row) {
      Seen& one = seen[lower_text(each.name)];
      one.looks = together(one.looks, looks_of(each.value));
      one.fraction = std::max(one.fraction, fraction_digits(each.value.text));
      one.digits = std::max(one.digits, each.value.text.size());
    }
  };
  for (const auto& each : test_.cases) {
    if (each.row) look(*each.row);
    for (const auto& row : each.rows) look(row);
    if (!each.rows_sql) continue;
    auto described = connection.describe(each.rows_sql->text);
    if (!described.ok()) {
      diagnostics_.error(each.rows_sql->place, first_line_of(described.error().message));
      continue;
    }
    for (const auto& from : *described) {
      add_column(from.name, each.rows_sql->place);
      Column* known = column(from.name);
      if (known->type.empty() && !seen.contains(lower_text(from.name))) known->type = from.type.name();
    }
  }
  for (Column& each : columns_) {
    if (!each.type.empty()) continue;
    const Seen one = seen[lower_text(each.name)];
    switch (one.looks) {
      case Looks::boolean:
        each.type = "BOOLEAN";
        break;
      case Looks::integer:
        each.type = one.digits <= 18 ? "BIGINT" : "HUGEINT";
        break;
      case Looks::decimal:
        each.type = fmt::format("DECIMAL(38,{})", std::min<size_t>(one.fraction, 20));
        break;
      case Looks::real:
        each.type = "DOUBLE";
        break;
      case Looks::nested:
        each.type = "JSON";
        break;
      case Looks::nothing:
        break;  // guess_types()
      case Looks::text:
        each.type = "VARCHAR";
    }
  }
}

void TestRows::check_types(duck::Connection& connection) {
  for (const auto& each : test_.columns) {
    const auto tried = connection.describe(fmt::format("SELECT CAST(NULL AS {})", each.value));
    if (!tried.ok())
      diagnostics_
          .error(each.name_place, fmt::format("'{}' is no type of a column: {}", each.value,
                                              first_line_of(tried.error().message)))
          .remedy =
          "use a type of DuckDB's SQL: VARCHAR, BIGINT, DECIMAL(10,2), BOOLEAN, DATE, TIMESTAMP, ...";
  }
}

Result<OpenedModel> TestRows::open() {
  OpenedModel opened;
  duck::Options options;
  options.threads = 1;
  auto database = duck::Database::open(options);
  if (!database.ok()) return database.error();
  opened.database = std::make_unique<duck::Database>(*std::move(database));
  auto connection = opened.database->connect();
  if (!connection.ok()) return connection.error();
  opened.connection = std::make_unique<duck::Connection>(*std::move(connection));
  if (auto defined = define_payload_functions(*opened.connection); !defined.ok()) return defined.error();
  gather(*opened.connection);
  check_types(*opened.connection);
  if (!diagnostics_.ok()) return as_error(diagnostics_);
  infer_types(*opened.connection);
  guess_types(*opened.connection);
  warn_of_strangers();
  if (!diagnostics_.ok()) return as_error(diagnostics_);
  std::string columns = fmt::format("{} UBIGINT", kRowNumber);
  for (const Column& each : columns_)
    columns += fmt::format(", {} {}", duck::quote_name(each.name), each.type);
  auto made = opened.connection->run(fmt::format("CREATE TABLE {}({})", kTestRows, columns));
  if (!made.ok()) return made.error();
  opened.relation = kTestRows;
  opened.shape = kTestRows;
  auto described =
      opened.connection->describe(fmt::format("SELECT * EXCLUDE ({}) FROM {}", kRowNumber, kTestRows));
  if (!described.ok()) return described.error();
  opened.columns = *std::move(described);
  return opened;
}

std::string TestRows::literal(const Column& column, const Node& value) const {
  if (value.is_null()) return "NULL";
  const std::string text = value.is_scalar() ? value.text : declare::as_json(value);
  return fmt::format("CAST({} AS {})", duck::quote_text(text), column.type);
}

// A key that is left out is the row's number: a row needs one.
std::string TestRows::values_of(const TestCase::Row& row, size_t number) const {
  std::string out = fmt::to_string(number);
  for (const Column& column : columns_) {
    const auto given = std::find_if(row.begin(), row.end(), [&](const auto& each) {
      return lower_text(each.name) == lower_text(column.name);
    });
    out += ", ";
    if (given != row.end())
      out += literal(column, given->value);
    else
      out += is_key(column.name) ? fmt::format("TRY_CAST('{}' AS {})", number + 1, column.type) : "NULL";
  }
  return out;
}

Result<void> TestRows::fill_by_query(duck::Connection& connection, const TestCase& test_case) {
  auto described = connection.describe(test_case.rows_sql->text);
  if (!described.ok()) return described.error();
  std::string missing_keys;
  for (const auto& key : model_.primary_key)
    if (std::none_of(described->begin(), described->end(),
                     [&](const auto& each) { return lower_text(each.name) == lower_text(*key); }))
      missing_keys += fmt::format(", row_number() OVER () AS {}", duck::quote_name(*key));
  auto filled = connection.run(
      fmt::format("INSERT INTO {} BY NAME SELECT row_number() OVER () - 1 AS {}{}, * FROM ({}) AS given",
                  kTestRows, kRowNumber, missing_keys, test_case.rows_sql->text));
  if (filled.ok()) return success();
  diagnostics_.error(test_case.rows_sql->place, first_line_of(filled.error().message));
  return filled.error();
}

Result<void> TestRows::fill(duck::Connection& connection, const TestCase& test_case) {
  if (auto emptied = connection.run(fmt::format("DELETE FROM {}", kTestRows)); !emptied.ok())
    return emptied.error();
  if (test_case.rows_sql) return fill_by_query(connection, test_case);
  std::string values;
  size_t number = 0;
  const auto add = [&](const TestCase::Row& row) {
    values += fmt::format("{}({})", values.empty() ? "" : ", ", values_of(row, number));
    ++number;
  };
  if (test_case.row) add(*test_case.row);
  for (const auto& row : test_case.rows) add(row);
  auto filled = connection.run(fmt::format("INSERT INTO {} VALUES {}", kTestRows, values));
  if (filled.ok()) return success();
  find_culprit(connection, test_case, filled.error());
  return filled.error();
}

// The values that are not of their column's type, each at its place.
void TestRows::find_culprit(duck::Connection& connection, const TestCase& test_case, const Error& error) {
  const uint64_t before = diagnostics_.errors();
  const auto look = [&](const TestCase::Row& row) {
    for (const auto& each : row) {
      const Column* known = column(each.name);
      if (known == nullptr || each.value.is_null()) continue;
      const auto tried = connection.texts("SELECT " + literal(*known, each.value));
      if (!tried.ok())
        diagnostics_.error(each.value.place, fmt::format("'{}' is no {} for the column '{}'", each.value.text,
                                                         known->type, each.name));
    }
  };
  if (test_case.row) look(*test_case.row);
  for (const auto& row : test_case.rows) look(row);
  if (diagnostics_.errors() == before) diagnostics_.error(test_case.place, first_line_of(error.message));
}

}  // namespace penstock::rehearse
