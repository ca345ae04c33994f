// What the tables of a declaration cannot say: names that must refer to each other.
#pragma once

#include "connector/declaration.h"

namespace penstock::connector {

// Unknown limit groups, operations, settings and placeholders; rules that can never fit.
void check_declaration(const Declaration& declaration, declare::Diagnostics& diagnostics);

}  // namespace penstock::connector
