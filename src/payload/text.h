// The exact text of single values, shared by flat columns (write.cpp) and nested ones (nested.cpp).
#pragma once

#include <cstdint>
#include <string>

#include "payload/payload.h"

namespace penstock {

void append_integer(std::string& out, int64_t value);
void append_unsigned(std::string& out, uint64_t value);
void append_decimal(std::string& out, Values::Int128 unscaled, int scale);
// The shortest text that reads back as the same number; "NaN" and "Infinity" where JSON has no number.
void append_real(std::string& out, double value);
void append_real(std::string& out, float value);
void append_date(std::string& out, int64_t days);
void append_time(std::string& out, int64_t micros);
// `per_second` units since 1970: ISO 8601 with as many decimals as the value has.
void append_timestamp(std::string& out, int64_t units, int64_t per_second);

inline constexpr int64_t kMicros = 1'000'000;
inline constexpr int64_t kNanos = 1'000'000'000;

}  // namespace penstock
