// What of a project's files decides what a sync sends, as digests.
#pragma once

#include <string>
#include <vector>

#include "run/prepare.h"

namespace penstock {

// "mapping:DIGEST connector:DIGEST ...": a word for each part. Secrets are in it by their references only.
std::string configuration_digest(const PreparedSync& prepared);

// The parts that differ, as people call them: "the mapping and the destination". Empty: none.
std::string changed_parts(const std::string& before, const std::string& now);

}  // namespace penstock
