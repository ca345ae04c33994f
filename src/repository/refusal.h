// What the last pull said that moved nothing: kept beside the repository's own data, for whoever asks.
#pragma once

#include <optional>
#include <string>

#include "base/disk.h"
#include "repository/repository.h"

namespace penstock::repository {

// A file of lines: "penstock-refusal 1", the commit, microseconds since 1970, the reason, the remedy; then
// the details to its end.
std::string refusal_text(const Refusal& refusal);
// nullopt: not such a file.
std::optional<Refusal> parse_refusal(std::string_view text);

}  // namespace penstock::repository
