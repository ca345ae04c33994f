#include "store/postgres/statements.h"

#include <fmt/format.h>

namespace penstock::postgres {
namespace {

// Columns that a statement writes, and where the stage holds them.
struct Write {
  std::vector<std::string> columns, values;

  void add(const std::string& column, std::string value) {
    columns.push_back(quoted_name(column));
    values.push_back(std::move(value));
  }
  std::string column_list() const { return fmt::format("{}", fmt::join(columns, ", ")); }
  std::string value_list() const { return fmt::format("{}", fmt::join(values, ", ")); }
};

Write writes_of(const RowsBody& body, uint32_t shape, bool with_key) {
  Write write;
  if (with_key && !body.match.empty()) write.add(body.match, "s.k");
  for (const uint32_t number : body.shapes[shape])
    if (!with_key || body.columns[number] != body.match)
      write.add(body.columns[number], fmt::format("s.c{}", number));
  return write;
}

std::string as_comparable(const Table& table, const std::string& column, const std::string& expression) {
  const Column* found = table.find(column);
  return found != nullptr && !found->comparable() ? expression + "::text" : expression;
}

// "a.x is distinct from b.x or ...": whether writing would change anything.
std::string differs(const RowsBody& body, const Table& table, uint32_t shape, std::string_view new_values) {
  std::string out;
  for (const uint32_t number : body.shapes[shape]) {
    const std::string& column = body.columns[number];
    const std::string fresh =
        new_values == "excluded" ? "excluded." + quoted_name(column) : fmt::format("s.c{}", number);
    out += fmt::format("{}{} is distinct from {}", out.empty() ? "" : " or ",
                       as_comparable(table, column, "t." + quoted_name(column)),
                       as_comparable(table, column, fresh));
  }
  return out;
}

std::string from_stage(uint32_t shape) {
  return fmt::format("{} s where s.shape = {}", kStage, shape);
}

// The text of a value as payloads have it: lists are JSON, bytes are base64.
std::string as_it_was_sent(const Column* column, const std::string& name) {
  if (column != nullptr && column->is_array) return fmt::format("to_json(t.{})::text", name);
  if (column != nullptr && column->base == "bytea")
    return fmt::format("translate(encode(t.{}, 'base64'), E'\\n', '')", name);
  return fmt::format("t.{}::text", name);
}

}  // namespace

std::string create_stage(const RowsBody& body, const Table& table) {
  std::string columns = body.match.empty() ? "null::text as k" : quoted_name(body.match) + " as k";
  for (size_t i = 0; i < body.columns.size(); ++i)
    columns += fmt::format(", {} as c{}", quoted_name(body.columns[i]), i);
  return fmt::format(
      "create temp table penstock_rows on commit drop as select 0 as n, 0 as shape, {} from {} with no data",
      columns, table.name);
}

std::string copy_into_stage() {
  return fmt::format("copy {} from stdin", kStage);
}

// An insert's key is among the columns that it sets; `k` is not used.
std::string insert_rows(const RowsBody& body, const Table& table, uint32_t shape) {
  const Write write = writes_of(body, shape, false);
  if (write.columns.empty()) {
    std::string out;
    for (const auto& row : body.rows)
      if (row.shape == shape) out += fmt::format("insert into {} default values;", table.name);
    return out;
  }
  std::string into = fmt::format("insert into {} as t ({}) select {} from {} order by s.n", table.name,
                                 write.column_list(), write.value_list(), from_stage(shape));
  if (body.match.empty()) return into;
  size_t key = body.columns.size();
  for (const uint32_t number : body.shapes[shape])
    if (body.columns[number] == body.match) key = number;
  if (key == body.columns.size()) return into;
  return fmt::format(
      "with written as ({0} on conflict ({1}) do nothing returning t.{1} as k) select s.n from {2} s, "
      "written "
      "w where s.shape = {3} and s.c{4} = w.k",
      into, quoted_name(body.match), kStage, shape, key);
}

std::string upsert_rows(const RowsBody& body, const Table& table, uint32_t shape) {
  const Write write = writes_of(body, shape, true);
  std::string set;
  for (const uint32_t number : body.shapes[shape]) {
    const std::string column = quoted_name(body.columns[number]);
    set += fmt::format("{}{} = excluded.{}", set.empty() ? "" : ", ", column, column);
  }
  const std::string action =
      set.empty() ? "do nothing"
                  : fmt::format("do update set {} where {}", set, differs(body, table, shape, "excluded"));
  // A row version that no update has touched has no xmax: it was inserted just now. Rows go in by key, so
  // that two writers do not wait for each other crosswise.
  return fmt::format(
      "with written as (insert into {0} as t ({1}) select {2} from {3} order by s.k on conflict ({4}) {5} "
      "returning t.{4} as k, t.xmax = 0 as fresh) select s.n from {6} s, written w where w.fresh and "
      "s.shape = {7} and s.k = w.k",
      table.name, write.column_list(), write.value_list(), from_stage(shape), quoted_name(body.match), action,
      kStage, shape);
}

std::string update_rows(const RowsBody& body, const Table& table, uint32_t shape) {
  const std::string match = quoted_name(body.match);
  std::string found = fmt::format("select s.n from {} s, {} t where s.shape = {} and t.{} = s.k", kStage,
                                  table.name, shape, match);
  if (body.shapes[shape].empty()) return found;
  std::string set;
  // Rows that are cleared keep what they are matched by.
  for (const uint32_t number : body.shapes[shape]) {
    const std::string& column = body.columns[number];
    set += fmt::format(
        "{}{} = {}", set.empty() ? "" : ", ", quoted_name(column),
        column == body.match ? fmt::format("coalesce(s.c{}, s.k)", number) : fmt::format("s.c{}", number));
  }
  return fmt::format(
      "with changed as (update {} as t set {} from {} s where s.shape = {} and t.{} = s.k and ({})) {}",
      table.name, set, kStage, shape, match, differs(body, table, shape, "stage"), found);
}

std::string delete_rows(const RowsBody& body, const Table& table) {
  return fmt::format("delete from {} as t using {} s where t.{} = s.k", table.name, kStage,
                     quoted_name(body.match));
}

std::string find_rows(const Table& table, const Column& match, const std::vector<std::string>& fields) {
  std::string columns;
  for (const auto& field : fields) columns += ", " + as_it_was_sent(table.find(field), quoted_name(field));
  return fmt::format("select v.text{0} from unnest($1::text[]) v(text) join {1} t on t.{2} = v.text::{3}",
                     columns, table.name, quoted_name(match.name), match.type);
}

}  // namespace penstock::postgres
