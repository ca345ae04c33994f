// Names of files, from a template such as "date={date}/{object}-{time}-{mark}".
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace penstock::files {

struct NameFacts {
  std::string object, run, extension;  // ".csv.gz"
  Time now{};
};

// {object}, {run}, {date}, {time} (to the microsecond) and {mark} (eight random digits) are filled in.
// `each`: a run may write several, which need a mark to be told apart. Errors (of kind config) say what is
// wrong with it.
Result<std::string> file_name(const std::string& name, bool each, const NameFacts& facts, Random& random);

}  // namespace penstock::files
