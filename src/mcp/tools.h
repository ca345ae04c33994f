// The tools that agents may call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mcp/arguments.h"
#include "mcp/mcp.h"

namespace penstock::mcp {

// One call of a tool that acts. What it refers to outlives it.
struct Call {
  const McpParts& parts;
  const Arguments& arguments;
  Interruption& interruption;
  OnProgress on_progress;
};

enum class Effect {
  reads,  // the project and what is known of past runs
  asks,   // also sources and destinations
  writes  // changes records at destinations
};

struct Tool {
  std::string_view name, title, description;
  Effect effect = Effect::reads;
  std::vector<Parameter> parameters;
  // A JSON Schema: the members of the answer.
  std::string_view output;
  // One of these. `ask` may block: it is called on another thread. The answer is a JSON object.
  Result<std::string> (*ask)(const McpParts& parts, const Arguments& arguments) = nullptr;
  Task<Result<std::string>> (*act)(Call call) = nullptr;
};

const std::vector<Tool>& tools();
// Null: there is none of that name.
const Tool* find_tool(std::string_view name);
// A JSON object with `tools`: those that the peer may call.
std::string list_tools(const Peer& peer);

// ---- for the tools themselves

// The project as its files are now. An error names the first mistake.
Result<std::unique_ptr<Workspace>> open_project(const McpParts& parts);
// The sync of that name; an error names the nearest.
Result<const config::Sync*> known_sync(const Workspace& workspace, const std::string& name);
// {"kind":..., "message":..., "remedy":...}
std::string error_json(const Error& error);

Result<std::string> list_syncs(const McpParts& parts, const Arguments& arguments);
Result<std::string> show_sync(const McpParts& parts, const Arguments& arguments);
Result<std::string> validate(const McpParts& parts, const Arguments& arguments);
Result<std::string> preview_model(const McpParts& parts, const Arguments& arguments);
Task<Result<std::string>> discover(Call call);

Result<std::string> status(const McpParts& parts, const Arguments& arguments);
Result<std::string> runs(const McpParts& parts, const Arguments& arguments);
Result<std::string> log(const McpParts& parts, const Arguments& arguments);
Result<std::string> trace(const McpParts& parts, const Arguments& arguments);

Task<Result<std::string>> plan(Call call);
Task<Result<std::string>> run(Call call);
Task<Result<std::string>> retry(Call call);

}  // namespace penstock::mcp
