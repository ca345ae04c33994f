#include "store/mysql/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/base64.h"

namespace penstock::mysql {
namespace {

template <size_t size>
bool is_one_of(std::string_view word, const std::string_view (&words)[size]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

}  // namespace

bool Column::is_number() const {
  static constexpr std::string_view kWords[] = {"tinyint", "smallint", "mediumint", "int",    "bigint",
                                                "decimal", "float",    "double",    "numeric"};
  return is_one_of(data_type, kWords);
}

bool Column::is_binary() const {
  static constexpr std::string_view kWords[] = {"binary", "varbinary",  "tinyblob",
                                                "blob",   "mediumblob", "longblob"};
  return is_one_of(data_type, kWords);
}

bool Column::is_time() const {
  return data_type == "datetime" || data_type == "timestamp";
}

const Column* Table::find(std::string_view column) const {
  for (const auto& one : columns)
    if (one.name == column) return &one;
  return nullptr;
}

Described describe(Connection& connection, std::string_view object) {
  const size_t dot = object.find('.');
  std::string schema = "database()", name;
  if (dot != object.npos) {
    schema.clear();
    connection.append_quoted(schema, object.substr(0, dot));
  }
  connection.append_quoted(name, dot == object.npos ? object : object.substr(dot + 1));
  Outcome outcome = connection.run(fmt::format(
      "select c.column_name, c.column_type, c.data_type, c.character_set_name, c.collation_name, "
      "(select min(s.index_name) from information_schema.statistics s where s.table_schema = c.table_schema "
      "and "
      "s.table_name = c.table_name and s.column_name = c.column_name and s.non_unique = 0 and s.sub_part is "
      "null and "
      "not exists (select 1 from information_schema.statistics o where o.table_schema = s.table_schema and "
      "o.table_name = s.table_name and o.index_name = s.index_name and o.seq_in_index = 2)), "
      "c.column_comment, c.extra from information_schema.columns c where c.table_schema = {} and "
      "c.table_name = {} "
      "order by c.ordinal_position",
      schema, name));
  if (!outcome.ok()) return {.table = std::nullopt, .trouble = std::move(outcome.trouble)};
  if (outcome.rows.empty()) return {};
  Table table{.name = quoted_table(object), .columns = {}};
  for (auto& row : outcome.rows) {
    const auto text = [&](size_t at) { return row[at].value_or(""); };
    table.columns.push_back(
        {.name = text(0),
         .type = text(1),
         .data_type = text(2),
         .collation = row[4] ? fmt::format("character set {} collate {}", text(3), text(4)) : "",
         .index = text(5),
         .help = text(6),
         .read_only = text(7).find("GENERATED") != std::string::npos &&
                      text(7).find("DEFAULT_GENERATED") == std::string::npos});
  }
  return {.table = std::move(table), .trouble = std::nullopt};
}

void append_value(Connection& connection, std::string& out, Cell value, const Column* column) {
  if (!value) {
    out += "null";
  } else if (column != nullptr && (column->is_number() || column->data_type == "bit") &&
             (*value == "true" || *value == "false")) {
    out += *value == "true" ? '1' : '0';
  } else if (column != nullptr && column->data_type == "bit" && value->size() < 20 &&
             value->find_first_not_of("0123456789") == value->npos && !value->empty()) {
    out += *value;  // a quoted digit would be its byte
  } else if (column != nullptr && column->is_binary()) {
    out += "x'" + hex_of_base64(*value) + "'";
  } else if (column != nullptr && column->is_time()) {
    std::string time(*value);
    std::replace(time.begin(), time.end(), 'T', ' ');
    if (time.ends_with('Z')) time.pop_back();
    connection.append_quoted(out, time);
  } else {
    connection.append_quoted(out, *value);
  }
}

}  // namespace penstock::mysql
