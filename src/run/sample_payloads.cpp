#include "run/sample_payloads.h"

#include <fmt/format.h>

#include "declare/json.h"
#include "mapping/mapping.h"
#include "plan/plan.h"
#include "run/field_rules.h"
#include "transform/transform.h"

namespace penstock {
namespace {

void add_field(declare::JsonWriter& json, const MappedColumn& column,
               const std::optional<std::string>& value) {
  json.key(column.name);
  if (!value) {
    json.raw("null");
    return;
  }
  const auto failure = column.converted ? transform::failure_in(*value) : std::nullopt;
  if (failure)
    json.begin_object().key("invalid").text(failure->reason).end_object();
  else
    json.text(column.personal ? kMask : std::string_view(*value));
}

}  // namespace

Result<std::vector<std::string>> sample_payloads(const Workspace& workspace, const config::Sync& sync,
                                                 OpenedModel& opened, uint64_t rows,
                                                 declare::Diagnostics& diagnostics) {
  std::vector<std::string> payloads;
  const auto* model = workspace.project().model(*sync.model);
  const auto* destination = workspace.project().destination(*sync.destination);
  auto facts = field_facts(workspace, sync, *destination, Login::optional);
  if (!facts.ok()) return facts.error();
  if (auto defined = transform::define_transform_functions(*opened.connection); !defined.ok())
    return defined.error();
  const MappedModel mapped =
      map_model(*opened.connection, opened.shape, opened.columns, *model, sync, diagnostics, *facts);
  if (!diagnostics.ok()) return payloads;
  std::vector<const MappedColumn*> columns;
  for (const auto& match : mapped.mapping.match) columns.push_back(&match);
  for (const auto& field : mapped.mapping.fields) columns.push_back(&field);
  std::string list;
  for (const auto* column : columns)
    list += fmt::format("{}CAST({} AS VARCHAR)", list.empty() ? "" : ", ", column->sql);
  auto texts =
      opened.connection->texts(fmt::format("SELECT {} FROM {} LIMIT {}", list, opened.relation, rows));
  if (!texts.ok()) return texts.error();
  for (const auto& row : *texts) {
    declare::JsonWriter json;
    json.begin_object();
    for (size_t i = 0; i < columns.size(); ++i) add_field(json, *columns[i], row[i]);
    payloads.push_back(json.end_object().str());
  }
  return payloads;
}

}  // namespace penstock
