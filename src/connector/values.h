// How one payload value is written for a destination, by the connector's value rules.
#pragma once

#include <string>

#include "connector/declaration.h"
#include "payload/payload.h"

namespace penstock::connector {

// Appends the value as JSON. A NULL is written as the rules say it clears.
void append_value(std::string& out, const Values& values, size_t row, const ValueRules& rules);
// Appends what append_value() would put between the quotes of a string, not escaped; nothing for NULL.
void append_value_text(std::string& out, const Values& values, size_t row, const ValueRules& rules);

// Why the value cannot be written by these rules, or empty.
std::string why_not(const Values& values, size_t row, const ValueRules& rules);

// The same of a value that is known by its text only, as append_text() wrote it: what a match value was
// before. Empty: NULL.
void append_old_value(std::string& out, ValueType type, std::string_view text, const ValueRules& rules);
void append_old_value_text(std::string& out, ValueType type, std::string_view text, const ValueRules& rules);

}  // namespace penstock::connector
