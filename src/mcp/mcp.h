// The Model Context Protocol: agents list, check, plan and explain syncs, and run them where a person allowed
// it.
//
// This folder answers messages; how they come and go is the caller's: `penstock mcp` carries them over
// standard input and output (mcp/stdio.h), an HTTP server may carry one message in each POST and the answer
// in its reply
// ("streamable HTTP", whose replies may be JSON).
//
// Protocol versions 2025-11-25, 2025-06-18 and 2025-03-26, by the pages of
// modelcontextprotocol.io/specification as read on 2026-11-27. Of these the tools and resources; no prompts,
// no sampling, no tasks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "async/loop.h"
#include "base/disk.h"
#include "base/random.h"
#include "net/http.h"
#include "run/run.h"

namespace penstock::mcp {

// What a server stands on. All that is referred to outlives it.
struct McpParts {
  Loop& loop;
  Disk& disk;
  const Clock& clock;
  Random& random;
  std::string directory;  // of the project; its files are read anew for every call
  std::string version;    // of the program: "0.1.0"
  // The way to destinations, for the calls that need one. A project whose state is shared bounds how long a
  // request may be on its way (state::State::on_its_way_max).
  std::function<Result<std::unique_ptr<HttpClient>>(const Workspace&)> connect;
};

// Who asks: one for each connection, or for each request where there are none. It outlives the answers to it.
struct Peer {
  bool may_run = false;  // `run` and `retry`; without it both are refused
  // As agreed at `initialize`; over HTTP as the header MCP-Protocol-Version says. Without either this one
  // holds.
  std::string version = "2025-03-26";
  // Takes a message for the peer while its request is under way (progress); null: nothing is told meanwhile.
  std::function<void(const std::string&)> notify{};
  // Requests under way, by their ids as JSON, so that a peer can cancel them.
  std::map<std::string, Interruption*> under_way{};
};

// Belongs to the loop's thread. Any number of messages may be under way at once.
class Mcp {
 public:
  explicit Mcp(McpParts parts) : parts_(std::move(parts)) {}

  // The answer to one message, as one line of JSON; empty where none is due (notifications, what was
  // cancelled). Whatever the message is, this is not an error: mistakes are answered as the protocol wants
  // it. Personal values are masked and secrets left out, as everywhere.
  Task<std::string> handle(Peer& peer, std::string message) const;

 private:
  Task<std::string> handle_one(Peer& peer, std::string message) const;
  McpParts parts_;
};

// Whether a version of the protocol is one of those above.
bool is_spoken(std::string_view version);

// A message that is longer is refused without being read; a server that carries messages should not take
// more.
constexpr size_t kMessageBytesMax = 4 << 20;

}  // namespace penstock::mcp
