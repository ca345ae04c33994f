// Tries syncs and connectors without source and destination, in virtual time. The face of this folder.
//
//     rehearse_test(): tests/NAME.yaml, rows in, payloads and requests out
//     rehearse_connector(): the behaviours that every connector must have (behaviours.h)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/tests.h"
#include "rehearse/behaviours.h"
#include "run/workspace.h"

namespace penstock::rehearse {

// Something that is not as a case says.
struct Difference {
  std::string what;           // payload, invalid, requests
  std::optional<size_t> row;  // of several, from 1
  std::string field;          // of a payload; of requests "2" or "2.body"
  std::string expected, got;  // as a person reads them
};

struct CaseResult {
  std::string file, sync, name;
  declare::Place place;
  std::vector<Difference> differences;
  bool holds() const { return differences.empty(); }
};

// Runs all cases of a test. Nothing but the project's files is read. What is wrong with the files goes to
// `diagnostics`; the cases are not run then.
std::vector<CaseResult> rehearse_test(Workspace& workspace, const config::Test& test,
                                      declare::Diagnostics& diagnostics);

}  // namespace penstock::rehearse
