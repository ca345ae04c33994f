// What only the destination can tell: its fields, and how they can be matched on.
#pragma once

#include <string>
#include <vector>

#include "async/loop.h"
#include "connector/connector.h"
#include "login/access.h"
#include "net/http.h"
#include "run/workspace.h"

namespace penstock {

// The fields of an object. Errors are of kind auth, permission or transient, or config when the connector has
// no way to ask.
Task<Result<std::vector<connector::DiscoveredField>>> discover_fields(HttpClient& client, Access& access,
                                                                      connector::ConnectorRef connector,
                                                                      connector::TargetSettings settings,
                                                                      std::string object);

// The same, let in by the destination's own settings. All outlive the task.
Task<Result<std::vector<connector::DiscoveredField>>> discover_fields(Loop& loop, HttpClient& client,
                                                                      Workspace& workspace,
                                                                      const config::Destination& destination,
                                                                      std::string object);

// How the sync's match field can be matched on: by the declaration, else by asking. When nobody answers,
// records are searched for, and a note says so.
Task<Result<connector::MatchKind>> find_match_kind(HttpClient& client, Access& access,
                                                   connector::ConnectorRef connector,
                                                   connector::TargetSettings settings,
                                                   const config::Sync& sync, std::vector<std::string>& notes);

}  // namespace penstock
