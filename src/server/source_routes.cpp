// Sources and models: what there is, whether it answers, its first rows.
#include <fmt/format.h>

#include "repository/repository.h"
#include "run/prepare.h"
#include "run/sample_payloads.h"
#include "server/body.h"
#include "server/handlers.h"
#include "server/json.h"
#include "server/site.h"
#include "source/source.h"

namespace penstock::server {
namespace {

using declare::JsonWriter;

constexpr uint64_t kPreviewRows = 50, kPreviewRowsMax = 200;

std::string place_file(const declare::Place& place) {
  return place.file ? place.file->name() : "";
}

void add_columns(JsonWriter& json, const std::vector<duck::Column>& columns) {
  json.key("columns").begin_array();
  for (const auto& column : columns)
    json.begin_object().key("name").text(column.name).key("type").text(column.type.name()).end_object();
  json.end_array();
}

// What an edited sync makes of the rows.
struct Edited {
  std::vector<std::string> payloads{};  // JSON
  declare::Diagnostics diagnostics{};
};

// The sync that is being edited stands in a project of its own, beside the real ones.
Result<Edited> payloads_of(const std::string& directory, const std::string& yaml, const std::string& model,
                           OpenedModel& opened, uint64_t limit) {
  constexpr const char* kName = "preview_of_the_editor";
  Edited edited;
  const auto disk = repository::with_edits(
      real_disk(), directory,
      {{.path = fmt::format("syncs/{}.yaml", kName), .content = yaml, .expected = ""}});
  if (!disk.ok()) return disk.error();
  const auto workspace = Workspace::open(**disk, real_clock(), directory, edited.diagnostics);
  const auto* sync = workspace->project().sync(kName);
  if (!edited.diagnostics.ok() || sync == nullptr || *sync->model != model) return edited;
  auto payloads = sample_payloads(*workspace, *sync, opened, limit, edited.diagnostics);
  if (!payloads.ok()) return payloads.error();
  edited.payloads = *std::move(payloads);
  return edited;
}

// Rows of what was opened, masked as the model says.
ServerReply rows_reply(OpenedModel& opened, const config::Model& model, uint64_t limit,
                       const Edited* edited = nullptr) {
  const auto shown = preview(opened, model, limit);
  if (!shown.ok()) return problem(shown.error());
  JsonWriter json;
  json.begin_object();
  if (edited != nullptr) {
    json.key("payloads").begin_array();
    for (const auto& payload : edited->payloads) json.raw(payload);
    json.end_array().key("diagnostics").raw(diagnostics_json(edited->diagnostics));
  }
  add_columns(json, opened.columns);
  json.key("rows").begin_array();
  for (const auto& row : shown->texts) {
    json.begin_array();
    for (const auto& text : row)
      if (text)
        json.text(*text);
      else
        json.raw("null");
    json.end_array();
  }
  return json_reply(json.end_array().end_object());
}

}  // namespace

ServerReply list_sources(Call& call) {
  const auto loaded = call.site.loaded();
  JsonWriter json;
  json.begin_array();
  for (const auto& source : loaded->project().sources) {
    json.begin_object().key("name").text(source.name).key("type").text(*source.type);
    if (const auto* description = source.settings.find<std::string>("description"))
      json.text_if("description", *description);
    json.text_if("file", place_file(source.place)).key("models").begin_array();
    for (const auto& model : loaded->project().models)
      if (*model.source == source.name) json.text(model.name);
    json.end_array().end_object();
  }
  return json_reply(json.end_array());
}

ServerReply check_source(Call& call) {
  const auto loaded = call.site.loaded();
  const auto* source = loaded->project().source(call.name());
  if (source == nullptr) return not_found("source", call.name(), config::names_of(loaded->project().sources));
  const Instant begun = real_clock().instant();
  const auto tables = list_tables(*source, loaded->workspace->resolver(), open_options(*loaded->workspace));
  JsonWriter json;
  json.begin_object().key("ok").boolean(tables.ok());
  if (tables.ok())
    json.key("message").text(fmt::format("it answers: {} tables and views", tables->size()));
  else
    json.key("message").text(tables.error().message).text_if("remedy", tables.error().remedy);
  json.key("seconds").raw(fmt::format("{:.3f}", in_seconds(real_clock().instant() - begun)));
  return json_reply(json.end_object());
}

ServerReply list_source_tables(Call& call) {
  const auto loaded = call.site.loaded();
  const auto* source = loaded->project().source(call.name());
  if (source == nullptr) return not_found("source", call.name(), config::names_of(loaded->project().sources));
  const auto options = open_options(*loaded->workspace);
  const auto tables = list_tables(*source, loaded->workspace->resolver(), options);
  if (!tables.ok()) return problem(tables.error());
  // Columns of the first ones only: each is a question of its own.
  const uint64_t described = call.limit(50, 200);
  JsonWriter json;
  json.begin_array();
  uint64_t number = 0;
  for (const auto& table : *tables) {
    json.begin_object().key("table").text(table.name);
    std::vector<duck::Column> columns;
    if (number++ < described)
      if (auto found = describe_table(*source, table.name, loaded->workspace->resolver(), options);
          found.ok())
        columns = *std::move(found);
    add_columns(json, columns);
    json.end_object();
  }
  return json_reply(json.end_array());
}

ServerReply list_models(Call& call) {
  const auto loaded = call.site.loaded();
  JsonWriter json;
  json.begin_array();
  for (const auto& model : loaded->project().models) {
    json.begin_object().key("name").text(model.name).key("source").text(*model.source);
    json.text_if("description", model.description)
        .text_if("owner", model.owner)
        .key("primary_key")
        .begin_array();
    for (const auto& column : model.primary_key) json.text(*column);
    json.end_array();
    if (model.sql) json.key("sql").text(model.sql->text);
    if (model.table) json.key("table").text(**model.table);
    if (model.dbt) json.key("dbt").text(**model.dbt);
    json.key("pii").begin_array();
    for (const auto& column : model.pii) json.text(*column);
    json.end_array().text_if("file", place_file(model.place)).key("syncs").begin_array();
    for (const auto& sync : loaded->project().syncs)
      if (*sync.model == model.name) json.text(sync.name);
    json.end_array().end_object();
  }
  return json_reply(json.end_array());
}

ServerReply preview_model(Call& call) {
  const auto loaded = call.site.loaded();
  const auto* model = loaded->project().model(call.name());
  if (model == nullptr) return not_found("model", call.name(), config::names_of(loaded->project().models));
  auto opened =
      open_model(loaded->project(), *model, loaded->workspace->resolver(), open_options(*loaded->workspace));
  if (!opened.ok()) return problem(opened.error());
  return rows_reply(*opened, *model, call.limit(kPreviewRows, kPreviewRowsMax));
}

ServerReply preview_query(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  const auto loaded = call.site.loaded();
  const std::string name = body->text("model").value_or(""), source_name = body->text("source").value_or("");
  const std::string sql = body->text("sql").value_or(""), yaml = body->text("sync").value_or("");
  const auto pii = body->texts("pii");
  const auto limit = static_cast<uint64_t>(
      std::clamp<int64_t>(body->integer("limit").value_or(kPreviewRows), 1, kPreviewRowsMax));
  if (auto checked = body->check(); !checked.ok()) return problem(checked.error());
  const auto options = open_options(*loaded->workspace);
  if (!name.empty()) {
    const auto* known = loaded->project().model(name);
    if (known == nullptr) return not_found("model", name, config::names_of(loaded->project().models));
    auto opened = open_model(loaded->project(), *known, loaded->workspace->resolver(), options);
    if (!opened.ok()) return problem(opened.error());
    if (yaml.empty()) return rows_reply(*opened, *known, limit);
    const auto edited = payloads_of(loaded->project().directory, yaml, name, *opened, limit);
    return edited.ok() ? rows_reply(*opened, *known, limit, &*edited) : problem(edited.error());
  }
  const auto* source = loaded->project().source(source_name);
  if (source == nullptr) return not_found("source", source_name, config::names_of(loaded->project().sources));
  if (sql.empty())
    return problem(400, "config", "'sql' is missing", "send a SELECT, or the name of a 'model'");
  auto opened = open_sql(*source, sql, loaded->workspace->resolver(), options);
  if (!opened.ok()) return problem(opened.error());
  config::Model model;
  model.name = "preview";
  for (const auto& column : pii) model.pii.push_back({column, {}});
  return rows_reply(*opened, model, limit);
}

}  // namespace penstock::server
