// gzip, for bodies of requests and of replies.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

// fast: for a body that is sent once; small: for one that is kept and sent often.
enum class GzipEffort { fast, small };

// Thread-safe.
std::string gzip(std::string_view plain, GzipEffort effort = GzipEffort::fast);

}  // namespace penstock
