// Reading the JSON bodies of requests; what is wrong becomes a refusal with status 400.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/hubspot/reply.h"

namespace penstock::sandbox::hubspot {

// The document lives until the parser's next.
std::optional<Refusal> parse_body(simdjson::dom::parser& parser, std::string_view body,
                                  simdjson::dom::object& document);

// A member that may be missing, and then leaves the target as it is.
std::optional<Refusal> take_text(simdjson::dom::object document, std::string_view name,
                                 std::string_view& text);
std::optional<Refusal> take_text(simdjson::dom::object document, std::string_view name, std::string& text);
std::optional<Refusal> take_names(simdjson::dom::object document, std::string_view name,
                                  std::vector<std::string>& names);

}  // namespace penstock::sandbox::hubspot
