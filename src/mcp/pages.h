// The pages of docs/, as they are compiled in: for agents, and for the man page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::mcp {

struct Page {
  std::string name;   // "cli"
  std::string title;  // "Command line"
  std::string_view text;
};
// By name.
const std::vector<Page>& pages();

}  // namespace penstock::mcp
