#include "alert/open_file.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "declare/json.h"

namespace penstock::alert {
namespace {

constexpr int64_t kOpenVersion = 1;

Error broken_file(const std::string& path, const std::string& why) {
  return {ErrorKind::disk, fmt::format("{} {}", path, why),
          "the next alert replaces it: what is broken is told once more, and what was told is not told to be "
          "over"};
}

}  // namespace

AllOutages OpenFile::empty(const config::Project& project) {
  AllOutages open;
  for (const config::Alert& alert : project.alerts) open.emplace(alert.name, Outages(alert));
  return open;
}

Result<AllOutages> OpenFile::read(const config::Project& project) const {
  AllOutages open = empty(project);
  auto there = disk_.exists(path_);
  if (!there.ok()) return there.error();
  if (!*there) return open;
  auto text = disk_.read(path_);
  if (!text.ok()) return text.error();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  int64_t version = 0;
  if (parser.parse(*text).get(root) != simdjson::SUCCESS || root["version"].get(version) != simdjson::SUCCESS)
    return broken_file(path_, "is not what was written there");
  if (version != kOpenVersion)
    return broken_file(path_, fmt::format("is of version {}, which is not known", version));
  for (auto& [name, outages] : open) {
    simdjson::dom::element element;
    if (root["alerts"][name].get(element) != simdjson::SUCCESS) continue;
    auto read = Outages::from_json(*project.alert(name), simdjson::minify(element));
    if (!read.ok()) return broken_file(path_, "is not what was written there");
    outages = *std::move(read);
  }
  return open;
}

Result<void> OpenFile::write(const AllOutages& open) {
  declare::JsonWriter json;
  json.begin_object().key("version").integer(kOpenVersion).key("alerts").begin_object();
  for (const auto& [name, outages] : open)
    if (!outages.is_empty()) json.key(name).raw(outages.json());
  json.end_object().end_object();
  // What was refused may name people.
  return disk_.replace_private(path_, json.str() + "\n");
}

}  // namespace penstock::alert
