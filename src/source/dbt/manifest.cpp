#include "source/dbt/manifest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <set>

#include "declare/nearest.h"
#include "net/crypto.h"

namespace penstock::dbt {
namespace {

using simdjson::dom::element;

std::string text_in(const element& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

// A text, or a list of texts.
std::vector<std::string> texts_in(const element& object, std::string_view name) {
  std::vector<std::string> texts;
  element value;
  if (object[name].get(value) != simdjson::SUCCESS) return texts;
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  if (simdjson::dom::array array; value.get(array) == simdjson::SUCCESS)
    for (const auto item : array)
      if (std::string_view text; item.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  return texts;
}

// Nullopt: there is none, or it is null.
std::optional<element> member(const element& object, std::string_view name) {
  element value;
  if (object[name].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

// What tests say of columns: those that both are unique and have no NULL tell rows apart.
struct Tested {
  std::set<std::string> unique, not_null;
  std::vector<std::vector<std::string>> combinations;
  std::vector<std::string> ids;
};

void take_test(const element& node, std::map<std::string, Tested>& tested) {
  const std::string model = text_in(node, "attached_node");
  if (model.empty()) return;
  tested[model].ids.push_back(text_in(node, "unique_id"));
  const auto metadata = member(node, "test_metadata");
  if (!metadata) return;
  const std::string kind = text_in(*metadata, "name");
  std::string column = text_in(node, "column_name");
  if (const auto arguments = member(*metadata, "kwargs")) {
    if (column.empty()) column = text_in(*arguments, "column_name");
    if (kind == "unique_combination_of_columns")
      tested[model].combinations.push_back(texts_in(*arguments, "combination_of_columns"));
  }
  if (kind == "unique") tested[model].unique.insert(column);
  if (kind == "not_null") tested[model].not_null.insert(column);
}

std::vector<std::string> constrained_key(const element& node) {
  simdjson::dom::array constraints;
  if (node["constraints"].get(constraints) == simdjson::SUCCESS)
    for (const auto one : constraints)
      if (text_in(one, "type") == "primary_key")
        if (auto columns = texts_in(one, "columns"); !columns.empty()) return columns;
  std::vector<std::string> key;
  simdjson::dom::object columns;
  if (node["columns"].get(columns) != simdjson::SUCCESS) return key;
  for (const auto& column : columns) {
    simdjson::dom::array own;
    if (column.value["constraints"].get(own) != simdjson::SUCCESS) continue;
    for (const auto one : own)
      if (text_in(one, "type") == "primary_key") key.emplace_back(column.key);
  }
  return key;
}

std::vector<std::string> said_key(const element& node) {
  for (const auto& holder : {member(node, "config"), std::optional(node)})
    if (holder)
      if (const auto meta = member(*holder, "meta"))
        if (auto key = texts_in(*meta, "primary_key"); !key.empty()) return key;
  return constrained_key(node);
}

// The surest word counts: `meta.primary_key`, then constraints, then tests, then what dbt itself inferred.
void find_key(const element& node, const Tested& tested, Node& into) {
  into.key = said_key(node);
  if (!into.key.empty()) return;
  std::vector<std::string> sure;
  std::set_intersection(tested.unique.begin(), tested.unique.end(), tested.not_null.begin(),
                        tested.not_null.end(), std::back_inserter(sure));
  if (sure.size() == 1) {
    into.key = sure;
  } else if (sure.size() > 1) {
    into.key_doubt =
        fmt::format("its tests say of several columns that each tells rows apart: {}", fmt::join(sure, ", "));
  } else if (tested.combinations.size() == 1) {
    into.key = tested.combinations[0];
  } else if (!tested.combinations.empty()) {
    into.key_doubt = "it has several tests of the kind unique_combination_of_columns";
  } else {
    into.key = texts_in(node, "primary_key");
  }
}

Node read_node(const element& node) {
  Node out;
  out.id = text_in(node, "unique_id");
  out.package = text_in(node, "package_name");
  out.name = text_in(node, "name");
  out.database = text_in(node, "database");
  out.schema = text_in(node, "schema");
  out.alias = text_in(node, "alias");
  if (out.alias.empty()) out.alias = out.name;
  out.description = text_in(node, "description");
  out.file = text_in(node, "original_file_path");
  if (const auto checksum = member(node, "checksum"); checksum && text_in(*checksum, "name") == "sha256")
    out.checksum = text_in(*checksum, "checksum");
  return out;
}

bool is_relation(const element& node) {
  const std::string kind = text_in(node, "resource_type");
  if (kind != "model" && kind != "seed" && kind != "snapshot") return false;
  const auto config = member(node, "config");
  return !config || text_in(*config, "materialized") != "ephemeral";
}

std::string parent(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// The parser must outlive what it gives.
Result<element> parse_file(Disk& disk, const std::string& path, simdjson::dom::parser& parser,
                           std::string& text) {
  auto read = disk.read(path);
  if (!read.ok())
    return Error{ErrorKind::config, fmt::format("dbt's {} cannot be read: {}", path, read.error().message),
                 "run `dbt parse` (or dbt run), or say in penstock.yaml where it is: dbt_manifest"};
  text = *std::move(read);
  element root;
  if (parser.parse(text).get(root) != simdjson::SUCCESS || !root.is_object())
    return Error{ErrorKind::config, fmt::format("{} is no JSON that dbt would write", path),
                 "run `dbt parse` again"};
  return root;
}

}  // namespace

Result<const Node*> Manifest::find(const std::string& name) const {
  std::vector<const Node*> found;
  for (const auto& node : models)
    if (node.name == name || node.package + "." + node.name == name) found.push_back(&node);
  if (found.size() > 1) {
    std::vector<std::string> whole;
    for (const auto* node : found) whole.push_back(node->package + "." + node->name);
    return Error{ErrorKind::config, fmt::format("dbt has several models '{}'", name),
                 fmt::format("write which: {}", fmt::join(whole, " or "))};
  }
  if (!found.empty()) return found[0];
  std::vector<std::string> names;
  for (const auto& node : models) names.push_back(node.name);
  return Error{ErrorKind::config, fmt::format("dbt has no model '{}'", name),
               declare::did_you_mean(name, names)};
}

Result<Manifest> read_manifest(Disk& disk, const std::string& path) {
  simdjson::dom::parser parser;
  std::string text;
  auto root = parse_file(disk, path, parser, text);
  if (!root.ok()) return root.error();
  Manifest manifest;
  manifest.directory = parent(parent(path));
  if (const auto metadata = member(*root, "metadata")) {
    manifest.generated_at = text_in(*metadata, "generated_at");
    manifest.project = text_in(*metadata, "project_name");
  }
  simdjson::dom::object nodes;
  if ((*root)["nodes"].get(nodes) != simdjson::SUCCESS)
    return Error{ErrorKind::config, fmt::format("{} has no nodes", path), "run `dbt parse` again"};
  std::map<std::string, Tested> tested;
  for (const auto& node : nodes)
    if (text_in(node.value, "resource_type") == "test") take_test(node.value, tested);
  for (const auto& node : nodes) {
    if (!is_relation(node.value)) continue;
    Node& model = manifest.models.emplace_back(read_node(node.value));
    find_key(node.value, tested[model.id], model);
    model.tests = tested[model.id].ids;
  }
  std::sort(manifest.models.begin(), manifest.models.end(),
            [](const Node& a, const Node& b) { return a.id < b.id; });
  return manifest;
}

Result<std::map<std::string, ModelResult>> read_run_results(Disk& disk, const std::string& path) {
  simdjson::dom::parser parser;
  std::string text;
  auto root = parse_file(disk, path, parser, text);
  if (!root.ok()) return root.error();
  simdjson::dom::array results;
  if ((*root)["results"].get(results) != simdjson::SUCCESS)
    return Error{ErrorKind::config, fmt::format("{} has no results", path), "run `dbt run` or `dbt build`"};
  std::optional<Time> at;
  if (element metadata; (*root)["metadata"].get(metadata) == simdjson::SUCCESS && metadata.is_object())
    at = parse_iso8601(text_in(metadata, "generated_at"));
  std::map<std::string, ModelResult> out;
  for (const auto result : results) {
    const std::string status = text_in(result, "status");
    out[text_in(result, "unique_id")] = {.ok = status == "success" || status == "pass" || status == "warn",
                                         .status = status,
                                         .message = text_in(result, "message"),
                                         .at = at};
  }
  return out;
}

std::string what_changed(Disk& disk, const Manifest& manifest, const Node& node) {
  if (node.file.empty() || node.checksum.empty()) return "";
  const std::string path = join_path(manifest.directory, node.file);
  const auto there = disk.exists(path);
  // A manifest that came alone, from the machine where dbt runs, tells no less.
  const auto project = disk.exists(join_path(manifest.directory, "dbt_project.yml"));
  if (!there.ok() || !project.ok() || !*project) return "";
  if (!*there) return "is gone";
  auto text = disk.read(path);
  if (!text.ok()) return "";
  const size_t begin = std::min(text->find_first_not_of(" \t\r\n"), text->size());
  const std::string stripped = text->substr(begin, text->find_last_not_of(" \t\r\n") + 1 - begin);
  // dbt takes the hash of the text with or without the space around it, by its version.
  const bool same = hex(sha256(*text)) == node.checksum || hex(sha256(stripped)) == node.checksum;
  return same ? "" : "has changed";
}

}  // namespace penstock::dbt
