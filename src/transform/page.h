// The table of transforms for people.
#pragma once

#include <string>

#include "transform/transform.h"

namespace penstock::transform {

// Markdown: a heading for each group, and for each transform what it does, its arguments and examples.
std::string reference_page();
// "{ phone: DE }", "email": as a page shows how it is written, with the arguments that it takes.
std::string signature(const Facts& facts);
// "text", "choice of keep and drop", ...
std::string takes(const Parameter& parameter);

}  // namespace penstock::transform
