// What the headers of a response say of a limit.
#pragma once

#include <optional>
#include <string_view>

#include "connector/declaration.h"
#include "deliver/rate_window.h"
#include "net/http.h"

namespace penstock {

// Only what can be true: texts that are no numbers, negative ones and times in the past are absent.
WindowNews limit_news(const connector::LearnedLimit& rule, const HttpReply& reply, Time now);

// A time to come: seconds from now ("30", "0.5"), seconds or milliseconds since 1970, an HTTP date (RFC 9110)
// or ISO 8601 text in UTC. nullopt: it is none of these, or is past.
std::optional<Duration> time_to_come(std::string_view text, Time now);

}  // namespace penstock
