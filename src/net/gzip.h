// gzip, for bodies of requests.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

// Thread-safe. Favours speed: a body is compressed once, to be sent once.
std::string gzip(std::string_view plain);

}  // namespace penstock
