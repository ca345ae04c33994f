// One field of one row across runs, for people and scripts.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "recall/field_history.h"

namespace penstock::cli {

std::string field_text(const config::Sync& sync, const FieldHistory& history, const Terminal& terminal);
std::string field_json(const config::Sync& sync, const FieldHistory& history);

}  // namespace penstock::cli
