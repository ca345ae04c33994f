#include "base/result.h"

#include <cstdio>

namespace penstock {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::config:
      return "config";
    case ErrorKind::source:
      return "source";
    case ErrorKind::auth:
      return "auth";
    case ErrorKind::permission:
      return "permission";
    case ErrorKind::rate_limited:
      return "rate_limited";
    case ErrorKind::quota:
      return "quota";
    case ErrorKind::transient:
      return "transient";
    case ErrorKind::rejected:
      return "rejected";
    case ErrorKind::disk:
      return "disk";
    case ErrorKind::locked:
      return "locked";
    case ErrorKind::interrupted:
      return "interrupted";
    case ErrorKind::internal:
      return "internal";
  }
  die("an ErrorKind without a name");
}

void die(std::string_view what, const char* file, int line) {
  std::fprintf(stderr, "penstock: impossible: %.*s (%s:%d)\n", static_cast<int>(what.size()), what.data(),
               file, line);
  std::abort();
}

}  // namespace penstock
