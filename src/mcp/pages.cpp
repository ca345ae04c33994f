#include "mcp/pages.h"

#include "base/embedded.h"

namespace penstock::mcp {
namespace {

// One array and one line of the list for every docs/*.md: written by cmake/penstock.cmake.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#include "docs_pages.inc"
#pragma clang diagnostic pop

// What stands behind "# " in the first line.
std::string title_of(std::string_view text) {
  const size_t end = text.find('\n');
  return text.starts_with("# ") ? std::string(text.substr(2, end - 2)) : std::string();
}

}  // namespace

const std::vector<Page>& pages() {
  static const std::vector<Page> all = [] {
    std::vector<Page> list;
    for (const Embedded& one : kShipped)
      list.push_back({std::string(one.name), title_of(one.text), one.text});
    return list;
  }();
  return all;
}

}  // namespace penstock::mcp
