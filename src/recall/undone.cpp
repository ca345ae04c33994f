// What an undo did, as its own before-images and operations tell.
#include <fmt/format.h>

#include "recall/undo_plan.h"

namespace penstock {
namespace {

// Values of others, a row each; and records that are left as a whole.
std::string left_sql(const OverwrittenBy& overwritten, const std::string& images) {
  std::string sql = fmt::format(
      "SELECT key, record_id, '' AS field, CAST(NULL AS VARCHAR) AS theirs, CASE WHEN \"change\" = 'added' "
      "THEN 'somebody made it again' "
      "WHEN existed THEN 'somebody changed it since' ELSE 'somebody removed its record' END AS why FROM "
      "read_parquet({}) WHERE "
      "error_code = "
      "'CHANGED'",
      duck::quote_text(images));
  const auto& fields = overwritten.model.mapping.fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string column = duck::quote_name("before." + fields[i].name);
    const std::string theirs =
        fields[i].personal ? fmt::format("'{}'", kMask) : fmt::format("json_extract_string({}, '$')", column);
    sql += fmt::format(
        " UNION ALL SELECT key, record_id, {} AS field, {} AS theirs, 'somebody changed it since' AS why "
        "FROM "
        "read_parquet({}) WHERE fates[{}] = 'k'",
        duck::quote_text(fields[i].name), theirs, duck::quote_text(images), i + 1);
  }
  return sql;
}

}  // namespace

Result<Undone> tell_undone(OverwrittenBy& overwritten, const std::string& images, bool would, size_t shown) {
  // What would be done is not accepted: it was only looked at.
  const std::string done = would ? "outcome = 'skipped' AND error_code IS NULL" : "outcome = 'accepted'";
  const auto counts = overwritten.connection.texts(fmt::format(
      "SELECT count(*) FILTER ({0} AND \"change\" = 'changed' AND contains(fates, 'w')), "
      "coalesce(sum(len(fates) - len(replace(fates, 'w', ''))) FILTER ({0} AND \"change\" = 'changed' AND "
      "existed), 0), "
      "count(*) FILTER ({0} AND \"change\" = 'removed' AND existed), count(*) FILTER ({0} AND \"change\" = "
      "'added' AND "
      "NOT existed), coalesce(sum(len(fates) - len(replace(fates, 'k', ''))), 0) FROM read_parquet({1})",
      done, duck::quote_text(images)));
  if (!counts.ok()) return counts.error();
  const auto number = [&](size_t i) { return std::stoull((*counts)[0][i].value_or("0")); };
  Undone undone{.restored = number(0),
                .values = number(1),
                .removed = number(2),
                .made_again = number(3),
                .left_values = number(4),
                .left = {}};
  const auto left = overwritten.connection.texts(
      fmt::format("SELECT key, record_id, field, theirs, why FROM ({}) ORDER BY key, field LIMIT {}",
                  left_sql(overwritten, images), shown));
  if (!left.ok()) return left.error();
  for (const auto& row : *left)
    undone.left.push_back({.key = row[0].value_or(""),
                           .record_id = row[1].value_or(""),
                           .field = row[2].value_or(""),
                           .theirs = row[3],
                           .why = row[4].value_or("")});
  return undone;
}

}  // namespace penstock
