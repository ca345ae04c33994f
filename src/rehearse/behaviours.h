// The behaviours that every connector must have, each tried in virtual time against a destination that
// answers as the connector's own reply rules say, and as servers of the web do when things go wrong.
#pragma once

#include <string>
#include <vector>

#include "connector/connector.h"

namespace penstock::rehearse {

enum class Holds { yes, no, not_applicable };
std::string_view name_of(Holds holds);

// The behaviour of a way that is not offered, and so has no others.
inline constexpr std::string_view kModeIsOffered = "the mode is offered";

struct BehaviourResult {
  std::string object, match, mode;  // of the way; match is empty where records are not matched
  std::string behaviour;
  Holds holds = Holds::yes;
  std::string why;  // of no and not_applicable; one sentence
};

// Every behaviour of every way that the connector offers; ways that it does not offer are one result each.
// An error: there is no DuckDB to make rows with.
Result<std::vector<BehaviourResult>> rehearse_connector(connector::ConnectorRef connector);

}  // namespace penstock::rehearse
