// One question to an outer store. Private to secret/.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "secret/outer.h"

namespace penstock::secret {

using OuterAnswer = Result<std::optional<std::string>>;

// Sends, up to three times where that may help; `what` for messages ("HashiCorp Vault, asked for
// secret/crm"). `prepare` makes the request anew for each try, as signatures age. Any reply that is neither
// 429 nor 5xx is given back.
using Prepare = std::function<Result<HttpRequest>()>;
Task<Result<HttpReply>> exchange(OuterAsk ask, std::string what, Prepare prepare);

// A text of a JSON reply; nothing where there is none of that kind. `path`: names of members.
std::optional<std::string> text_in(const std::string& json, std::initializer_list<std::string_view> path);

// "HashiCorp Vault, asked for secret/crm".
std::string shown_question(std::string_view scheme, std::string_view path);
Error lacks_variable(std::string_view scheme, std::string_view path, std::string_view name,
                     std::string_view is);
Error not_understood(std::string_view what);

// The stores.
Task<OuterAnswer> ask_vault(OuterAsk ask, std::string path);
Task<OuterAnswer> ask_aws(OuterAsk ask, std::string path);
Task<OuterAnswer> ask_gcp(OuterAsk ask, std::string path);

}  // namespace penstock::secret
