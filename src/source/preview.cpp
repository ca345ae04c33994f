#include <fmt/format.h>

#include <algorithm>

#include "source/source.h"

namespace penstock {
namespace {

bool is_personal_column(const config::Model& model, const std::string& column) {
  return std::any_of(model.pii.begin(), model.pii.end(), [&](const auto& name) { return *name == column; });
}

}  // namespace

Result<Preview> preview(OpenedModel& opened, const config::Model& model, size_t rows) {
  std::string columns;
  for (const auto& column : opened.columns) {
    const std::string name = duck::quote_name(column.name);
    columns += columns.empty() ? "" : ", ";
    columns += is_personal_column(model, column.name)
                   ? fmt::format("CASE WHEN {0} IS NOT NULL THEN '***' END AS {0}", name)
                   : name;
  }
  // Read once: what a source gives second may be other rows.
  auto kept = opened.connection->run(
      fmt::format("CREATE OR REPLACE TEMP TABLE penstock_preview AS SELECT {} FROM {} LIMIT {}", columns,
                  opened.relation, rows));
  if (!kept.ok()) return kept.error();
  Preview preview;
  auto texts = opened.connection->texts("SELECT * FROM penstock_preview");
  if (!texts.ok()) return texts.error();
  preview.texts = *std::move(texts);
  auto json = opened.connection->texts("SELECT to_json(p) FROM penstock_preview p");
  if (!json.ok()) return json.error();
  for (auto& row : *json) preview.json.push_back(row[0].value_or("null"));
  return preview;
}

}  // namespace penstock
