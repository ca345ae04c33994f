// One field of one row across runs, for people.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "recall/field_history.h"

namespace penstock::cli {

std::string field_text(const config::Sync& sync, const FieldHistory& history, const Terminal& terminal);

}  // namespace penstock::cli
