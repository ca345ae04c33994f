#include "run/refused.h"

#include <fmt/format.h>

namespace penstock {

// Messages that differ only in what stands in quotes or digits are one reason: an example stands for all.
std::vector<RefusedGroup> refused_groups(const std::string& operations_file) {
  std::vector<RefusedGroup> groups;
  auto database = duck::Database::borrow({});
  if (!database.ok()) return groups;
  auto connection = database->connect();
  if (!connection.ok()) return groups;
  auto rows =
      connection->texts(fmt::format("SELECT coalesce(error_code, ''), any_value(coalesce(error_message, "
                                    "'')), count(*), string_agg(key, chr(31) ORDER BY key) FILTER (n <= 3) "
                                    "FROM (SELECT *, row_number() OVER (PARTITION BY error_code, outcome "
                                    "ORDER BY key) AS n FROM read_parquet({}) WHERE "
                                    "outcome IN ('rejected', 'in_doubt', 'failed')) GROUP BY error_code, "
                                    "outcome ORDER BY count(*) DESC, 1, 2, 4 LIMIT 20",
                                    duck::quote_text(operations_file)));
  if (!rows.ok()) return groups;
  for (auto& row : *rows) {
    RefusedGroup& group = groups.emplace_back();
    group.code = row[0].value_or("");
    group.message = row[1].value_or("");
    group.rows = std::stoull(row[2].value_or("0"));
    std::string keys = row[3].value_or("");
    for (size_t start = 0; start < keys.size();) {
      const size_t end = std::min(keys.find('\x1f', start), keys.size());
      group.keys.push_back(keys.substr(start, end - start));
      start = end + 1;
    }
  }
  return groups;
}

}  // namespace penstock
