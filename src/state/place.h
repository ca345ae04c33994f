// What `state:` in penstock.yaml says.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace penstock::state {

enum class PlaceKind { directory, postgres, s3 };

struct Place {
  PlaceKind kind = PlaceKind::directory;
  std::string where;                // the directory as written, or the server's address without our own words
  std::string shown = {};           // for messages: without a password
  std::string schema = "penstock";  // `?schema=`: of a database's tables
  std::string endpoint = {}, region = {};  // `?endpoint=`, `?region=`: of a bucket that is not at Amazon
  Duration lease = 30s;  // `?lease=`: how long a worker that says nothing is believed to live
};

// Errors are of kind `config`: an unknown scheme, a word of ours that cannot be read.
Result<Place> parse_place(std::string_view text);

}  // namespace penstock::state
