// Files that are compiled in: one array and one line of a list for each, written by cmake/penstock.cmake.
#pragma once

#include <string_view>

namespace penstock {

struct Embedded {
  std::string_view name;  // of the file, without its ending
  std::string_view text;
};

template <size_t size>
constexpr std::string_view embedded(const char (&bytes)[size]) {
  return {bytes, size};
}

}  // namespace penstock
