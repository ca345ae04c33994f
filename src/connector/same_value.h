// Whether a destination already holds a value: it may write it in another way than we do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connector/declaration.h"
#include "payload/payload.h"

namespace penstock::connector {

// The text of a value, ours or theirs, in the one form in which values of this type are compared: numbers
// without needless digits, times as microseconds, JSON with its members in order, everything else as it is.
// "" for none. A text that is no value of the type stays as it is.
std::string comparable(std::string_view text, ValueType type, const ValueRules& rules);

// 64 bits of that; 0 for none. Kept on disk (docs/formats.md, "Values last written").
uint64_t value_digest(std::string_view text, ValueType type, const ValueRules& rules);

}  // namespace penstock::connector
