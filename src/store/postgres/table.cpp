#include "store/postgres/table.h"

#include <algorithm>

namespace penstock::postgres {

bool Column::comparable() const {
  static constexpr std::string_view kNot[] = {"json", "_json", "xml",     "_xml",   "point", "line",
                                              "lseg", "box",   "polygon", "circle", "path",  "_point"};
  return std::find(std::begin(kNot), std::end(kNot), base) == std::end(kNot);
}

const Column* Table::find(std::string_view column) const {
  for (const auto& one : columns)
    if (one.name == column) return &one;
  return nullptr;
}

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string quoted_table(std::string_view object) {
  std::string out;
  while (!object.empty()) {
    if (!out.empty()) out += '.';
    const bool in_quotes = object[0] == '"' && object.find('"', 1) != object.npos;
    const size_t end = in_quotes ? object.find('"', 1) : object.find('.');
    out += quoted_name(object.substr(in_quotes, end == object.npos ? end : end - in_quotes));
    if (end == object.npos) break;
    object.remove_prefix(std::min(object.size(), end + (in_quotes ? 2 : 1)));
  }
  return out;
}

Described describe(Connection& connection, std::string_view object) {
  static const std::string kAsk = R"(
    select a.attname, pg_catalog.format_type(a.atttypid, null), coalesce(b.typname, t.typname),
      coalesce(b.typcategory, t.typcategory) = 'A',
      exists (select from pg_catalog.pg_index i where i.indrelid = a.attrelid and i.indisunique and i.indisvalid
        and i.indimmediate and i.indpred is null and i.indexprs is null and i.indnkeyatts = 1
        and i.indkey[0] = a.attnum),
      a.attgenerated <> '' or a.attidentity = 'a',
      pg_catalog.col_description(a.attrelid, a.attnum)
    from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
      left join pg_catalog.pg_type b on b.oid = nullif(t.typbasetype, 0)
    where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum)";
  Table table{.name = quoted_table(object), .columns = {}};
  Outcome outcome = connection.run(kAsk, {table.name});
  if (!outcome.ok()) return {.table = std::nullopt, .trouble = std::move(outcome.trouble)};
  const Rows& rows = *outcome.rows;
  for (size_t i = 0; i < rows.count(); ++i)
    table.columns.push_back({.name = std::string(rows.text(i, 0)),
                             .type = std::string(rows.text(i, 1)),
                             .base = std::string(rows.text(i, 2)),
                             .help = std::string(rows.text(i, 6)),
                             .is_array = rows.text(i, 3) == "t",
                             .unique = rows.text(i, 4) == "t",
                             .read_only = rows.text(i, 5) == "t"});
  return {.table = std::move(table), .trouble = {}};
}

}  // namespace penstock::postgres
