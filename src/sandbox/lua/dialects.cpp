#include "sandbox/lua/dialects.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <sstream>

#include "base/embedded.h"

namespace penstock::sandbox::lua {
namespace {

// One array and one line of the list for every sandbox/*.lua: written by cmake/penstock.cmake.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#include "sandbox_dialects.inc"
#pragma clang diagnostic pop

}  // namespace

std::optional<Dialect> find_dialect(std::string_view vendor) {
  for (const Embedded& one : kShipped) {
    if (one.name == vendor) return Dialect{fmt::format("sandbox/{}.lua", vendor), std::string(one.text)};
  }
  return std::nullopt;
}

std::vector<std::string_view> dialect_names() {
  std::vector<std::string_view> names;
  for (const Embedded& one : kShipped) names.push_back(one.name);
  return names;
}

Result<Dialect> read_dialect(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file)
    return Error{ErrorKind::config, fmt::format("the dialect '{}' cannot be read", path), "Name a Lua file."};
  return Dialect{path, text.str()};
}

}  // namespace penstock::sandbox::lua
