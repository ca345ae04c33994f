#include "recall/field_history.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "run/history.h"
#include "run/query.h"

namespace penstock {
namespace {

std::optional<std::string> scalar_text(simdjson::dom::element value) {
  if (value.is_null()) return std::nullopt;
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(value);
}

// The member of a JSON object; outer nullopt: it has none of that name.
std::optional<std::optional<std::string>> member_of(const std::string& json, const std::string& name) {
  simdjson::dom::parser parser;
  simdjson::dom::element object, value;
  if (json.empty() || parser.parse(json).get(object) != simdjson::SUCCESS) return std::nullopt;
  if (object.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  return scalar_text(value);
}

// What a run's file of before-images says of the key's field.
class ImageReader {
 public:
  static Result<ImageReader> open(const Workspace& workspace, const std::string& sync,
                                  const std::string& field) {
    auto query = Query::open();
    if (!query.ok()) return query.error();
    return ImageReader(workspace, sync, field, *std::move(query));
  }

  Result<void> add_before(KeyHash key, FieldEvent& event) {
    const std::string file = workspace_->paths().before(sync_, event.run);
    const auto there = workspace_->disk().exists(file);
    if (!there.ok()) return there.error();
    if (!*there) return success();
    if (auto brought = workspace_->disk().bring(file); !brought.ok()) return brought.error();
    const auto position = position_in(file);
    if (!position.ok()) return position.error();
    if (!*position) return success();
    const auto rows = query_.connection.texts(fmt::format(
        "SELECT existed, {}, personal[{}] FROM read_parquet({}) WHERE key_hi = {} AND key_lo = {}",
        duck::quote_name(column()), **position, duck::quote_text(file), key.hi, key.lo));
    if (!rows.ok()) return rows.error();
    if (rows->empty()) return success();
    const auto& row = (*rows)[0];
    event.before_known = true;
    event.record_existed = row[0] == "true";
    simdjson::dom::parser parser;
    simdjson::dom::element value;
    if (row[1] && parser.parse(*row[1]).get(value) == simdjson::SUCCESS) event.before = scalar_text(value);
    if (event.before && row[2] == "1") event.before = std::string(kMask);
    return success();
  }

 private:
  ImageReader(const Workspace& workspace, std::string sync, std::string field, Query query)
      : workspace_(&workspace), sync_(std::move(sync)), field_(std::move(field)), query_(std::move(query)) {}
  std::string column() const { return "before." + field_; }

  // The field's place among those of the file, from 1; nothing: that run did not map it.
  Result<std::optional<size_t>> position_in(const std::string& file) {
    const auto columns =
        query_.connection.describe(fmt::format("SELECT * FROM read_parquet({})", duck::quote_text(file)));
    if (!columns.ok()) return columns.error();
    size_t position = 0;
    for (const auto& one : *columns) {
      if (!one.name.starts_with("before.")) continue;
      ++position;
      if (one.name == column()) return std::optional(position);
    }
    return std::optional<size_t>();
  }

  const Workspace* workspace_;
  std::string sync_, field_;
  Query query_;
};

bool is_mapped(const config::Sync& sync, const std::string& field) {
  return std::any_of(sync.fields.begin(), sync.fields.end(),
                     [&](const auto& rule) { return rule.name == field; });
}

Error never_sent(const config::Sync& sync, const std::string& field) {
  std::vector<std::string> names;
  for (const auto& rule : sync.fields) names.push_back(rule.name);
  return {ErrorKind::config, fmt::format("'{}' does not map the field '{}'", sync.name, field),
          fmt::format("its fields are {}", declare::list_names(names))};
}

}  // namespace

Result<FieldHistory> field_history(const Workspace& workspace, const config::Sync& sync,
                                   const std::string& key, const std::string& field) {
  const auto hash = parse_key(key, workspace.project().model(*sync.model)->primary_key.size());
  if (!hash.ok()) return hash.error();
  auto traced = trace_key(workspace, sync, key);
  if (!traced.ok()) return traced.error();
  FieldHistory history{.key = traced->key, .field = field, .events = {}};
  auto images = ImageReader::open(workspace, sync.name, field);
  if (!images.ok()) return images.error();
  for (const auto& [operation, request, tries, before, was_read] : traced->operations) {
    const auto sent = member_of(operation.payload, field);
    const auto kept = member_of(operation.kept, field);
    FieldEvent event;
    event.at = operation.at;
    event.run = operation.run;
    event.operation = operation.operation;
    event.outcome = operation.outcome;
    event.record_id = operation.record_id;
    event.kept = kept.has_value();
    event.sent = sent.has_value() && !event.kept;
    if (event.sent) event.value = *sent;
    if (auto added = images->add_before(*hash, event); !added.ok()) return added.error();
    if (event.sent || event.kept || operation.change == "removed") history.events.push_back(std::move(event));
  }
  if (history.events.empty() && !is_mapped(sync, field)) return never_sent(sync, field);
  return history;
}

}  // namespace penstock
