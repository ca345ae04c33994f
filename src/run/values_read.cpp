#include "run/values_read.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "payload/payload.h"
#include "run/query.h"

namespace penstock {
namespace {

constexpr std::string_view kBeforePrefix = "before.";

// The destination's JSON as it is; what is none is no value.
std::string checked_json(const std::optional<std::string>& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  return text && parser.parse(*text).get(value) == simdjson::SUCCESS ? simdjson::minify(value) : "null";
}

std::string object_of(const std::vector<std::string>& fields, const duck::Connection::TextRow& row) {
  const std::string personal = row[1].value_or("");
  std::string out = "{";
  for (size_t i = 0; i < fields.size(); ++i) {
    std::string value = checked_json(row[i + 2]);
    if (i < personal.size() && personal[i] == '1' && value != "null") {
      value.clear();
      append_json_string(value, kMask);
    }
    if (out.size() > 1) out += ',';
    append_json_string(out, fields[i]);
    out += ':' + value;
  }
  return out + '}';
}

}  // namespace

Result<std::optional<std::string>> values_read(const Workspace& workspace, const std::string& sync,
                                               const std::string& run, KeyHash key) {
  const std::string file = workspace.paths().before(sync, run);
  const auto there = workspace.disk().exists(file);
  if (!there.ok()) return there.error();
  if (!*there) return std::optional<std::string>();
  if (auto brought = workspace.disk().bring(file); !brought.ok()) return brought.error();
  auto query = Query::open();
  if (!query.ok()) return query.error();
  const std::string from = fmt::format("read_parquet({})", duck::quote_text(file));
  const auto columns = query->connection.describe("SELECT * FROM " + from);
  if (!columns.ok()) return columns.error();
  std::vector<std::string> fields;
  std::string list = "existed, personal";
  for (const auto& column : *columns) {
    if (!column.name.starts_with(kBeforePrefix)) continue;
    fields.push_back(column.name.substr(kBeforePrefix.size()));
    list += ", " + duck::quote_name(column.name);
  }
  const auto rows = query->connection.texts(
      fmt::format("SELECT {} FROM {} WHERE key_hi = {} AND key_lo = {}", list, from, key.hi, key.lo));
  if (!rows.ok()) return rows.error();
  if (rows->empty()) return std::optional<std::string>();
  if ((*rows)[0][0] != "true") return std::optional<std::string>("{}");
  return std::optional<std::string>(object_of(fields, (*rows)[0]));
}

}  // namespace penstock
