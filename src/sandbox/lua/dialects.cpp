#include "sandbox/lua/dialects.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <sstream>

namespace penstock::sandbox::lua {
namespace {

struct Shipped {
  std::string_view vendor;
  std::string_view text;
};

template <size_t size>
constexpr std::string_view embedded(const char (&bytes)[size]) {
  return {bytes, size};
}

// One array and one line of the list for every sandbox/*.lua: written by cmake/penstock.cmake.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#include "sandbox_dialects.inc"
#pragma clang diagnostic pop

}  // namespace

std::optional<Dialect> find_dialect(std::string_view vendor) {
  for (const Shipped& one : kShipped) {
    if (one.vendor == vendor) return Dialect{fmt::format("sandbox/{}.lua", vendor), std::string(one.text)};
  }
  return std::nullopt;
}

std::vector<std::string_view> dialect_names() {
  std::vector<std::string_view> names;
  for (const Shipped& one : kShipped) names.push_back(one.vendor);
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
