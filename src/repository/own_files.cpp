#include "repository/own_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/declare.h"

namespace penstock::repository {
namespace {

constexpr size_t kOwnNameBytesMax = 200;

bool is_section(std::string_view name) {
  return name == "sources" || name == "models" || name == "destinations" || name == "syncs" ||
         name == "alerts";
}

bool has_ending(std::string_view name, std::string_view ending) {
  return name.size() > ending.size() && name.ends_with(ending);
}

// Letters, digits and what is harmless in every file system and shell.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kOwnNameBytesMax && name.front() != '.' && name.front() != '-' &&
         std::ranges::all_of(name, [](unsigned char c) {
           return c > 0x7f || std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == ' ';
         });
}

}  // namespace

const std::vector<std::string>& own_folders() {
  static const std::vector<std::string> folders = {"sources", "models",     "destinations", "syncs",
                                                   "alerts",  "connectors", "tests"};
  return folders;
}

const std::vector<std::string>& own_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out = {"penstock.yaml"};
    for (const std::string& folder : own_folders()) {
      out.push_back(folder);
      if (is_section(folder)) out.push_back(folder + ".yaml");
    }
    return out;
  }();
  return names;
}

bool is_own_file(std::string_view path) {
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos)
    return path == "penstock.yaml" ||
           (path.ends_with(".yaml") && is_section(path.substr(0, path.size() - 5)));
  const std::string_view folder = path.substr(0, slash), name = path.substr(slash + 1);
  if (!is_plain_name(name) || std::ranges::find(own_folders(), folder) == own_folders().end()) return false;
  return has_ending(name, ".yaml") || has_ending(name, ".yml") ||
         (folder == "models" && has_ending(name, ".sql"));
}

Result<void> check_own_path(std::string_view path) {
  if (is_own_file(path)) return success();
  return Error{ErrorKind::config, fmt::format("'{}' is not a file of the project", path),
               fmt::format("name penstock.yaml, or a .yaml file (of models also .sql) in one of {}",
                           declare::list_names(own_folders()))};
}

}  // namespace penstock::repository
