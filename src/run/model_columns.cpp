#include "run/model_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "declare/json.h"
#include "mapping/inputs.h"

namespace penstock {
namespace {

constexpr std::string_view kGuard = "model_columns";

std::string columns_file(const Workspace& workspace, const std::string& sync) {
  return join_path(workspace.paths().sync(sync), "columns.json");
}

const std::string* type_in(const ModelColumns& columns, const std::string& name) {
  const auto it = std::find_if(columns.columns.begin(), columns.columns.end(),
                               [&](const auto& c) { return c.first == name; });
  return it == columns.columns.end() ? nullptr : &it->second;
}

// Of whole numbers: a type holds all values of those before it that are not unsigned, and of unsigned ones
// that are smaller.
int rank_of(const std::string& type) {
  constexpr std::string_view kSigned[] = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"};
  for (int i = 0; i < 5; ++i)
    if (kSigned[i] == type) return 2 * i + 1;
  constexpr std::string_view kUnsigned[] = {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"};
  for (int i = 0; i < 5; ++i)
    if (kUnsigned[i] == type) return 2 * i + 2;
  return 0;
}

struct DecimalType {
  int width = 0, scale = 0;
};
std::optional<DecimalType> decimal_type(std::string_view type) {
  if (!type.starts_with("DECIMAL(")) return std::nullopt;
  DecimalType out;
  const auto width = std::from_chars(type.data() + 8, type.data() + type.size(), out.width);
  if (width.ec != std::errc() || width.ptr == type.data() + type.size()) return std::nullopt;
  const auto scale = std::from_chars(width.ptr + 1, type.data() + type.size(), out.scale);
  return scale.ec == std::errc() ? std::optional(out) : std::nullopt;
}

bool is_timestamp(const std::string& type) {
  return type == "TIMESTAMP" || type == "TIMESTAMP_S" || type == "TIMESTAMP_MS" || type == "TIMESTAMP_NS";
}

bool is_text(const std::string& type) {
  return type == "VARCHAR" || type.starts_with("ENUM(");
}

// The last run that read the model, as people say it.
std::string last_reading(const Workspace& workspace, const std::string& sync) {
  auto store = workspace.existing_runs();
  if (!store.ok() || !*store) return "its last run";
  auto runs = (*store)->list(sync, 20);
  if (!runs.ok()) return "its last run";
  for (const auto& run : *runs)
    if (run.status == "succeeded" || run.status == "partial")
      return fmt::format("run {} of {}", run.run, iso8601(run.started).substr(0, 16));
  return "its last run";
}

// Names of keys, match and fields that read the column.
Result<std::vector<std::string>> readers_of(const PreparedSync& prepared, const std::string& column) {
  std::vector<std::string> names, readers;
  for (const auto& one : prepared.opened.columns) names.push_back(one.name);
  const auto look = [&](std::string_view what, const MappedColumn& mapped) -> Result<void> {
    auto read = columns_read(*prepared.opened.connection, mapped.sql, names);
    if (!read.ok()) return read.error();
    if (std::find(read->begin(), read->end(), column) != read->end())
      readers.push_back(fmt::format("{} {}", what, mapped.name));
    return success();
  };
  for (const auto& key : prepared.mapped.keys)
    if (auto looked = look("key", key); !looked.ok()) return looked.error();
  for (const auto& match : prepared.mapped.mapping.match)
    if (auto looked = look("match", match); !looked.ok()) return looked.error();
  for (const auto& field : prepared.mapped.mapping.fields)
    if (auto looked = look("field", field); !looked.ok()) return looked.error();
  return readers;
}

std::optional<GuardStop> key_stop(const ModelColumns& known, const ModelColumns& now,
                                  const std::string& model, const std::string& when) {
  if (known.key == now.key) return std::nullopt;
  return GuardStop{
      std::string(kGuard),
      fmt::format("the primary key of model '{}' was {} in {}, and is {} now: every row would be another "
                  "one, added anew, and what was sent before would count as removed",
                  model, fmt::join(known.key, ", "), when, fmt::join(now.key, ", ")),
      "set the old key again; if this is meant, look at `penstock plan` and pass it once by `--confirm "
      "model_columns`"};
}

}  // namespace

bool is_widened(const std::string& before, const std::string& now) {
  if (before == now || (is_text(before) && is_text(now))) return true;
  const int was = rank_of(before), is = rank_of(now);
  if (was > 0 && is > 0) return is % 2 == 1 ? is > was : was % 2 == 0 && is > was;
  const auto old_decimal = decimal_type(before), new_decimal = decimal_type(now);
  if (old_decimal && new_decimal)
    return new_decimal->scale == old_decimal->scale && new_decimal->width >= old_decimal->width;
  if (before == "FLOAT" && now == "DOUBLE") return true;
  return is_timestamp(before) && is_timestamp(now);
}

ModelColumns columns_of(const PreparedSync& prepared, std::string run) {
  ModelColumns out;
  out.run = std::move(run);
  for (const auto& key : prepared.model->primary_key) out.key.push_back(*key);
  for (const auto& column : prepared.opened.columns)
    out.columns.emplace_back(column.name, column.type.name());
  return out;
}

Result<std::optional<ModelColumns>> known_columns(const Workspace& workspace, const std::string& sync) {
  const std::string file = columns_file(workspace, sync);
  const auto there = workspace.disk().exists(file);
  if (!there.ok()) return there.error();
  if (!*there) return std::optional<ModelColumns>();
  auto text = workspace.disk().read(file);
  if (!text.ok()) return text.error();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array keys;
  simdjson::dom::object columns;
  std::string_view run;
  if (parser.parse(simdjson::padded_string(*text)).get(root) != simdjson::SUCCESS ||
      root["run"].get(run) != simdjson::SUCCESS || root["key"].get(keys) != simdjson::SUCCESS ||
      root["columns"].get(columns) != simdjson::SUCCESS)
    return Error{ErrorKind::disk, file + " is damaged", "remove it: the next run writes it anew"};
  ModelColumns known;
  known.run = run;
  for (const auto key : keys)
    if (std::string_view name; key.get(name) == simdjson::SUCCESS) known.key.emplace_back(name);
  for (const auto& column : columns)
    if (std::string_view type; column.value.get(type) == simdjson::SUCCESS)
      known.columns.emplace_back(std::string(column.key), std::string(type));
  return std::optional<ModelColumns>(std::move(known));
}

Result<void> remember_columns(const Workspace& workspace, const std::string& sync, const SeenColumns& seen) {
  const ModelColumns& columns = seen.now;
  if (seen.known == columns) return success();
  declare::JsonWriter out(1);
  out.begin_object().key("run").text(columns.run).key("key").begin_array();
  for (const auto& key : columns.key) out.text(key);
  out.end_array().key("columns").begin_object();
  for (const auto& [name, type] : columns.columns) out.key(name).text(type);
  out.end_object().end_object();
  return workspace.disk().replace(columns_file(workspace, sync), out.str() + "\n");
}

Result<std::optional<GuardStop>> check_columns(const Workspace& workspace, const PreparedSync& prepared,
                                               const SeenColumns& seen,
                                               const std::vector<std::string>& confirmed,
                                               std::vector<std::string>& notes) {
  const std::optional<GuardStop> none;
  const auto& [known, now] = seen;
  if (!known || known == now || is_confirmed(confirmed, kGuard)) return none;
  const std::string when = last_reading(workspace, prepared.sync->name);
  if (auto stop = key_stop(*known, now, prepared.model->name, when)) return stop;
  // Of files the types are guessed from what happens to be in them, and every day may bring another guess.
  const bool guessed = workspace.project().source(*prepared.model->source)->settings.has("files");
  std::string changed;
  for (const auto& [name, type] : now.columns) {
    const std::string* before = type_in(*known, name);
    if (before == nullptr || *before == type) continue;
    auto readers = readers_of(prepared, name);
    if (!readers.ok()) return readers.error();
    if (readers->empty()) continue;
    if (is_widened(*before, type) || guessed) {
      notes.push_back(
          fmt::format("column {} of the model was {} in {}, and is {} now", name, *before, when, type));
      continue;
    }
    changed += fmt::format("{}column {} was {} in {}, and is {} now (read by {})",
                           changed.empty() ? "" : "; ", name, *before, when, type, fmt::join(*readers, ", "));
  }
  if (changed.empty()) return none;
  return std::optional<GuardStop>(GuardStop{
      std::string(kGuard), fmt::format("the model '{}' has changed: {}", prepared.model->name, changed),
      "mend the model, or cast the column in it; if this is meant, look at `penstock plan` and pass it once "
      "by "
      "`--confirm model_columns`"});
}

void explain_lost_columns(const Workspace& workspace, const PreparedSync& prepared,
                          declare::Diagnostics& diagnostics) {
  auto known = known_columns(workspace, prepared.sync->name);
  if (!known.ok() || !*known) return;
  std::string lost;
  for (const auto& [name, type] : (*known)->columns) {
    const bool is_there =
        std::any_of(prepared.opened.columns.begin(), prepared.opened.columns.end(),
                    [&, &lost_name = name](const auto& column) { return column.name == lost_name; });
    if (!is_there) lost += fmt::format("{}{} ({})", lost.empty() ? "" : ", ", name, type);
  }
  if (lost.empty()) return;
  diagnostics.error(prepared.model->place,
                    fmt::format("the model '{}' has lost columns that it had in {}: {}", prepared.model->name,
                                last_reading(workspace, prepared.sync->name), lost));
}

}  // namespace penstock
