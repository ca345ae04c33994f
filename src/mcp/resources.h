// What agents may read: pages of the documentation, schemas of project files, and files of the project that
// hold no settings of accounts.
#pragma once

#include <string>

#include "mcp/mcp.h"

namespace penstock::mcp {

// A JSON object with `resources`.
std::string list_resources(const McpParts& parts);
// A JSON object with `contents`. An error (of kind config): there is no such resource.
Result<std::string> read_resource(const McpParts& parts, const std::string& uri);

}  // namespace penstock::mcp
