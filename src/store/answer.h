// What a store answers, made on the thread that did the work.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace penstock {

// A reply, or a failure.
struct StoreAnswer {
  int status = 200;
  std::string body = "{}";
  std::optional<Error> failure;  // then there was no reply
  bool may_have_arrived = false;

  bool ok() const { return !failure && status < 300; }
};

// A refusal in words that connectors read: {"code": ..., "message": ...}.
StoreAnswer refusal(int status, std::string_view code, std::string_view message);
// Nothing was done, for certain: the request may be repeated whatever it does.
StoreAnswer undone(std::string message);
// What was asked for may have been done.
StoreAnswer unknown_outcome(std::string message);
// The user's files are at fault, which no repetition mends: the run ends.
StoreAnswer misconfigured(std::string message, std::string remedy = "");

// The header's value; empty when there is none.
std::string header_text(const Headers& headers, std::string_view name);
// What stands behind the scheme, without the query, decoded: "postgresql:/rows/crm.people" has "rows",
// "crm.people".
struct StorePath {
  std::string what, object;
};
StorePath store_path(std::string_view url);

}  // namespace penstock
