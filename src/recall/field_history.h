// One field of one row across runs: what was sent, when, and what stood there before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/run.h"

namespace penstock {

struct FieldEvent {
  std::string at, run, operation, outcome, record_id;
  bool sent = false;                  // else it was not: left to others, or not concerned
  bool kept = false;                  // left alone, since it was somebody else's
  std::optional<std::string> value;   // that was sent; nullopt: NULL; masked when personal
  bool before_known = false;          // what stood there was read, and is still kept
  bool record_existed = true;         // of what was read
  std::optional<std::string> before;  // nullopt: nothing stood there; masked when personal
};

struct FieldHistory {
  std::string key, field;
  std::vector<FieldEvent> events;  // oldest first
};

// Errors of kind config: the key does not fit; the sync never sent such a field.
Result<FieldHistory> field_history(const Workspace& workspace, const config::Sync& sync,
                                   const std::string& key, const std::string& field);
// For scripts; the keys are those of docs/cli.md.
std::string field_json(const config::Sync& sync, const FieldHistory& history);

}  // namespace penstock
