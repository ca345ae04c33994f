// The valid name that a person probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace penstock::declare {

// Letters inserted, dropped, replaced or swapped with their neighbour to get from `a` to `b` (optimal
// string alignment); letter case costs nothing.
size_t edit_distance(std::string_view a, std::string_view b);

// The nearest candidate, or "" when none is near: at most a third of the letters may differ, at least one.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

// "did you mean 'x'?", or "" when none is near.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

// "a, b, c or d"; with more than `limit` names the rest is counted.
std::string list_names(std::span<const std::string> names, size_t limit = 12, std::string_view last = "or");

}  // namespace penstock::declare
