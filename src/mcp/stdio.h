// The protocol over standard input and output: one message a line.
#pragma once

#include "async/real_loop.h"
#include "mcp/mcp.h"

namespace penstock::mcp {

struct StdioOptions {
  int in = 0, out = 1;  // descriptors; not closed
  bool may_run = false;
};

// Answers until the input ends, or until `stop` is interrupted: then requests under way come to their end
// (runs are interrupted in good order) and are answered. Requests do not wait for each other. Errors of kind
// disk: the output is gone.
Task<Result<void>> serve_stdio(RealLoop& loop, const Mcp& mcp, Interruption& stop, StdioOptions options);

}  // namespace penstock::mcp
