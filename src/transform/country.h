// Countries and states by what people call them.
#pragma once

#include <string_view>

namespace penstock::transform {

// "DE" for "de", "DEU", "Germany"; empty: no country.
std::string_view country_code(std::string_view written);
// "CA" for "ca", "California"; empty: no state of the United States.
std::string_view us_state_code(std::string_view written);

}  // namespace penstock::transform
