#include "mcp/resources.h"

#include <fmt/format.h>

#include "config/schema.h"
#include "declare/json.h"
#include "declare/nearest.h"
#include "mcp/pages.h"
#include "source/source.h"

namespace penstock::mcp {
namespace {

struct Resource {
  std::string uri, name, title, type;
};

constexpr std::string_view kPages = "penstock:///docs/";
constexpr std::string_view kSchemas = "penstock:///schemas/";
constexpr std::string_view kFiles = "penstock:///files/";

// Folders whose files hold no settings of accounts.
constexpr std::string_view kOpenFolders[] = {"connectors", "models", "syncs", "tests"};

std::string type_of(std::string_view file) {
  return file.ends_with(".sql") ? "application/sql" : "application/yaml";
}

// "syncs/crm.yaml", ...
std::vector<std::string> open_files(const McpParts& parts) {
  std::vector<std::string> files;
  for (const auto folder : kOpenFolders) {
    const auto names = parts.disk.list(join_path(parts.directory, folder));
    if (!names.ok()) continue;
    for (const auto& name : *names)
      if (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".sql"))
        files.push_back(fmt::format("{}/{}", folder, name));
  }
  return files;
}

std::vector<Resource> all_resources(const McpParts& parts) {
  std::vector<Resource> all;
  for (const auto& file : open_files(parts))
    all.push_back({fmt::format("{}{}", kFiles, file), file, "", type_of(file)});
  for (const auto& name : config::schema_names())
    all.push_back({fmt::format("{}{}", kSchemas, name), fmt::format("schema of {}", name),
                   fmt::format("JSON Schema of the files of kind {}", name), "application/schema+json"});
  for (const auto& page : pages())
    all.push_back({fmt::format("{}{}", kPages, page.name), page.name, page.title, "text/markdown"});
  return all;
}

Result<std::string> text_at(const McpParts& parts, const std::string& uri) {
  if (uri.starts_with(kFiles)) return parts.disk.read(join_path(parts.directory, uri.substr(kFiles.size())));
  if (uri.starts_with(kSchemas)) {
    const connector::Catalog catalog;
    const auto destinations = destination_kinds(catalog);
    return config::schema_of(uri.substr(kSchemas.size()), {source_kinds(), *destinations});
  }
  for (const auto& page : pages())
    if (uri.substr(kPages.size()) == page.name) return std::string(page.text);
  return Error{ErrorKind::config, fmt::format("there is no page '{}'", uri), ""};
}

}  // namespace

std::string list_resources(const McpParts& parts) {
  declare::JsonWriter json;
  json.begin_object().key("resources").begin_array();
  for (const auto& one : all_resources(parts)) {
    json.begin_object().key("uri").text(one.uri).key("name").text(one.name).text_if("title", one.title);
    json.key("mimeType").text(one.type).end_object();
  }
  return json.end_array().end_object().str();
}

// Only what is listed can be read: no path leads out of these folders.
Result<std::string> read_resource(const McpParts& parts, const std::string& uri) {
  std::vector<std::string> known;
  for (const auto& one : all_resources(parts)) {
    known.push_back(one.uri);
    if (one.uri != uri) continue;
    const auto text = text_at(parts, uri);
    if (!text.ok()) return text.error();
    declare::JsonWriter json;
    json.begin_object().key("contents").begin_array().begin_object();
    json.key("uri").text(uri).key("mimeType").text(one.type).key("text").text(*text);
    return json.end_object().end_array().end_object().str();
  }
  return Error{ErrorKind::config, fmt::format("there is no resource '{}'", uri),
               declare::did_you_mean(uri, known)};
}

}  // namespace penstock::mcp
