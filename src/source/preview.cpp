#include <fmt/format.h>

#include <algorithm>

#include "payload/payload.h"
#include "source/source.h"

namespace penstock {
namespace {

// A column as a mapping would carry it.
struct ShownColumn {
  std::string name;
  ValueType type;
  bool personal = false;
};

std::vector<ShownColumn> shown_columns(const OpenedModel& opened, const config::Model& model) {
  std::vector<ShownColumn> all;
  for (const auto& column : opened.columns) {
    const bool personal = std::any_of(model.pii.begin(), model.pii.end(),
                                      [&](const auto& name) { return *name == column.name; });
    all.push_back({column.name, payload_type_of(column.type), personal});
  }
  return all;
}

void append_row(Preview& preview, const duck::Chunk& chunk, const std::vector<ShownColumn>& columns,
                size_t row) {
  auto& texts = preview.texts.emplace_back();
  std::string& json = preview.json.emplace_back("{");
  for (size_t i = 0; i < columns.size(); ++i) {
    const Values values(chunk.column(i), columns[i].type);
    json += i == 0 ? "" : ",";
    append_json_string(json, columns[i].name);
    json += ':';
    if (values.is_null(row)) {
      texts.emplace_back();
      json += "null";
    } else if (columns[i].personal) {
      texts.emplace_back(kMask);
      append_json_string(json, kMask);
    } else if (const char* why = unsendable(values, row)) {
      append_json_string(json, texts.emplace_back(fmt::format("({})", why)).value());
    } else {
      append_text(texts.emplace_back().emplace(), values, row);
      append_json(json, values, row);
    }
  }
  json += '}';
}

}  // namespace

Result<Preview> preview(OpenedModel& opened, const config::Model& model, size_t rows) {
  const auto columns = shown_columns(opened, model);
  std::string select;
  for (const auto& column : opened.columns)
    select += (select.empty() ? "" : ", ") + as_payload_sql(duck::quote_name(column.name), column.type);
  auto read =
      opened.connection->query(fmt::format("SELECT {} FROM {} LIMIT {}", select, opened.relation, rows));
  if (!read.ok()) return read.error();
  Preview preview;
  for (;;) {
    auto chunk = read->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) return preview;
    for (size_t row = 0; row < (*chunk)->rows(); ++row) append_row(preview, **chunk, columns, row);
  }
}

}  // namespace penstock
