#pragma once

#include <string_view>

namespace penstock::cli {

inline constexpr std::string_view kVersion = PENSTOCK_VERSION;
inline constexpr std::string_view kVersionText = "penstock " PENSTOCK_VERSION;

}  // namespace penstock::cli
