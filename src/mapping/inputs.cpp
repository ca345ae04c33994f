#include "mapping/inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <functional>
#include <set>

namespace penstock {
namespace {

using simdjson::dom::element;

std::string lowered_name(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// What an expression names, as DuckDB's parser sees it.
struct Named {
  std::set<std::string> columns, functions;  // in lower case
  bool everything = false;                   // a star or a sub-query: what it reads is not known
};

void collect(const element& node, Named& named);

void collect_object(const simdjson::dom::object& object, Named& named) {
  std::string_view kind;
  if (object["class"].get(kind) == simdjson::SUCCESS) {
    if (kind == "STAR" || kind == "SUBQUERY") named.everything = true;
    std::string_view function;
    if (kind == "FUNCTION" && object["function_name"].get(function) == simdjson::SUCCESS)
      named.functions.insert(lowered_name(function));
    simdjson::dom::array names;
    if (kind == "COLUMN_REF" && object["column_names"].get(names) == simdjson::SUCCESS)
      for (const auto name : names) {
        std::string_view text;
        if (name.get(text) == simdjson::SUCCESS) named.columns.insert(lowered_name(text));
      }
  }
  for (const auto& member : object) collect(member.value, named);
}

void collect(const element& node, Named& named) {
  if (simdjson::dom::object object; node.get(object) == simdjson::SUCCESS) collect_object(object, named);
  if (simdjson::dom::array array; node.get(array) == simdjson::SUCCESS)
    for (const auto item : array) collect(item, named);
}

Result<Named> named_in(duck::Connection& connection, const std::string& expression) {
  Named named;
  auto parsed = connection.texts(fmt::format("SELECT CAST(json_serialize_sql({}) AS VARCHAR)",
                                             duck::quote_text("SELECT " + expression)));
  if (!parsed.ok()) return parsed.error();
  simdjson::dom::parser parser;
  element root;
  bool failed = false;
  if (parsed->empty() || !(*parsed)[0][0] ||
      parser.parse(simdjson::padded_string(*(*parsed)[0][0])).get(root) != simdjson::SUCCESS ||
      (root["error"].get(failed) == simdjson::SUCCESS && failed)) {
    named.everything = true;
    return named;
  }
  collect(root, named);
  return named;
}

// The first of these functions whose value may change from one query to the next.
Result<std::optional<std::string>> unsteady_among(duck::Connection& connection,
                                                  const std::set<std::string>& names) {
  if (names.empty()) return std::optional<std::string>();
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + duck::quote_text(name);
  auto found = connection.texts(fmt::format(
      "SELECT function_name FROM duckdb_functions() WHERE lower(function_name) IN ({}) AND stability IN "
      "('VOLATILE', 'CONSISTENT_WITHIN_QUERY') AND NOT starts_with(function_name, 'penstock_') LIMIT 1",
      list));
  if (!found.ok()) return found.error();
  return found->empty() ? std::optional<std::string>() : (*found)[0][0];
}

std::vector<std::string> chosen(const Named& named, const std::vector<std::string>& columns) {
  std::vector<std::string> out;
  for (const auto& column : columns)
    if (named.everything || named.columns.contains(lowered_name(column))) out.push_back(column);
  return out;
}

}  // namespace

Result<std::vector<std::string>> columns_read(duck::Connection& connection, const std::string& sql,
                                              const std::vector<std::string>& columns) {
  auto named = named_in(connection, sql);
  if (!named.ok()) return named.error();
  return chosen(*named, columns);
}

Result<std::vector<std::string>> input_columns(duck::Connection& connection, const MappedModel& mapped,
                                               const std::vector<std::string>& columns) {
  Named all;
  const auto take = [&](std::string_view what, const MappedColumn& column) -> Result<void> {
    auto named = named_in(connection, column.sql);
    if (!named.ok()) return named.error();
    std::set<std::string> called = named->functions;
    // `current_date` is written like a column.
    for (const auto& name : named->columns)
      if (std::none_of(columns.begin(), columns.end(),
                       [&](const auto& c) { return lowered_name(c) == name; }))
        called.insert(name);
    auto unsteady = unsteady_among(connection, called);
    if (!unsteady.ok()) return unsteady.error();
    if (*unsteady)
      return Error{
          ErrorKind::config,
          fmt::format("{} '{}' uses {}(), whose value changes although its row does not: a plan in the "
                      "warehouse would not notice",
                      what, column.name, **unsteady),
          "write it in the model's SQL, as a column, or plan this sync with `planner: local`"};
    all.columns.insert(named->columns.begin(), named->columns.end());
    all.everything = all.everything || named->everything;
    return success();
  };
  for (const auto& key : mapped.keys)
    if (auto taken = take("the key", key); !taken.ok()) return taken.error();
  for (const auto& match : mapped.mapping.match)
    if (auto taken = take("the match", match); !taken.ok()) return taken.error();
  for (const auto& field : mapped.mapping.fields)
    if (auto taken = take("the field", field); !taken.ok()) return taken.error();
  return chosen(all, columns);
}

}  // namespace penstock
