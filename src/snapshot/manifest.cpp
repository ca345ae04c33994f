#include "snapshot/manifest.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

#include <charconv>

#include "snapshot/table_format.h"

namespace penstock {
namespace {

using simdjson::dom::element;

constexpr std::string_view kFormat = "penstock snapshot manifest";
constexpr uint64_t kVersion = 1;

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<uint8_t>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<uint8_t>(c));
    else
      out += c;
  }
  return out += '"';
}

std::string seal(std::string_view body) {
  return fmt::format("xxh3:{:016x}\n", XXH3_64bits(body.data(), body.size()));
}

std::string tables_text(const std::vector<TableRef>& tables) {
  std::string out;
  for (const TableRef& table : tables)
    out += fmt::format(
        "{}\n    {{\"number\": {}, \"size_bytes\": {}, \"entries\": {}, \"checksum\": \"{:016x}\"}}",
        out.empty() ? "" : ",", table.number, table.size_bytes, table.entries, table.checksum);
  return out.empty() ? "[]" : "[" + out + "\n  ]";
}

std::string extras_text(const std::map<std::string, std::string>& extras) {
  std::string out;
  for (const auto& [name, value] : extras)
    out += fmt::format("{}\n    {}: {}", out.empty() ? "" : ",", json_text(name), json_text(value));
  return out.empty() ? "{}" : "{" + out + "\n  }";
}

uint64_t parse_checksum(std::string_view text) {
  uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (code != std::errc() || end != text.data() + text.size())
    throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
  return value;
}

TableRef read_table(const element& json) {
  return {json["number"].get_uint64(), json["size_bytes"].get_uint64(), json["entries"].get_uint64(),
          parse_checksum(json["checksum"].get_string())};
}

KeyCounts read_counts(const element& json) {
  return {json["keys"].get_uint64(), json["accepted"].get_uint64(), json["current"].get_uint64(),
          json["gone"].get_uint64(), json["foreign"].get_uint64(),  json["waiting"].get_uint64()};
}

// Throws simdjson_error where a field is missing or of another type.
Manifest read_fields(const element& json) {
  Manifest manifest;
  manifest.generation = json["generation"].get_uint64();
  for (const element table : json["tables"].get_array()) manifest.tables.push_back(read_table(table));
  manifest.counts = read_counts(json["counts"]);
  manifest.last_run = std::string_view(json["last_run"]);
  manifest.mappings = std::string_view(json["mappings"]);
  for (const auto [name, value] : json["extras"].get_object())
    manifest.extras.emplace(name, std::string_view(value));
  return manifest;
}

Result<bool> has_tables(Disk& disk, const std::string& directory) {
  auto names = disk.list(directory);
  if (!names.ok()) return names.error();
  for (const std::string& name : *names)
    if (snapshot::table_number(name)) return true;
  return false;
}

}  // namespace

std::string manifest_text(const Manifest& manifest) {
  const KeyCounts& counts = manifest.counts;
  std::string body = fmt::format(
      "{{\n  \"format\": \"{}\",\n  \"version\": {},\n  \"generation\": {},\n  \"tables\": {},\n"
      "  \"counts\": {{\"keys\": {}, \"accepted\": {}, \"current\": {}, \"gone\": {}, \"foreign\": {}, "
      "\"waiting\": {}}},\n  \"last_run\": {},\n  \"mappings\": {},\n  \"extras\": {}\n}}\n",
      kFormat, kVersion, manifest.generation, tables_text(manifest.tables), counts.keys, counts.accepted,
      counts.current, counts.gone, counts.foreign, counts.waiting, json_text(manifest.last_run),
      json_text(manifest.mappings), extras_text(manifest.extras));
  const std::string sealed = seal(body);
  return body += sealed;
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& path) {
  const size_t seal_at = text.size() < 2 ? text.npos : text.rfind('\n', text.size() - 2);
  if (seal_at == text.npos || text.substr(seal_at + 1) != seal(text.substr(0, seal_at + 1)))
    return snapshot::damaged(path, "is damaged: its checksum does not fit its text");
  try {
    simdjson::dom::parser parser;
    const element json =
        parser.parse(text.data(), seal_at + 1);  // NOLINT(bugprone-suspicious-stringview-data-usage)
    if (std::string_view(json["format"]) != kFormat) return snapshot::damaged(path, "is not a manifest");
    const uint64_t version = json["version"];
    if (version != kVersion)
      return Error{
          ErrorKind::disk,
          fmt::format("the snapshot manifest {} has format version {}; this penstock reads version {}", path,
                      version, kVersion),
          "use the version of penstock that wrote it, or a later one"};
    return read_fields(json);
  } catch (const simdjson::simdjson_error& error) {
    return snapshot::damaged(path, fmt::format("cannot be read: {}", error.what()));
  }
}

Result<Manifest> read_manifest(Disk& disk, const std::string& directory) {
  const std::string path = join_path(directory, snapshot::kManifestName);
  auto there = disk.exists(path);
  if (!there.ok()) return there.error();
  if (*there) {
    auto text = disk.read(path);
    if (!text.ok()) return text.error();
    return parse_manifest(*text, path);
  }
  auto directory_there = disk.exists(directory);
  if (!directory_there.ok()) return directory_there.error();
  if (!*directory_there) return Manifest();
  auto tables = has_tables(disk, directory);
  if (!tables.ok()) return tables.error();
  if (*tables) return snapshot::damaged(path, "is missing, though there are tables beside it");
  return Manifest();
}

}  // namespace penstock
