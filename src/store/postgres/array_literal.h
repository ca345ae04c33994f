// JSON lists as PostgreSQL's array literals.
#pragma once

#include <string>
#include <string_view>

namespace penstock::postgres {

// '["a",null,[1.50]]' -> '{"a",NULL,{1.50}}': numbers keep every digit. A text that is no JSON list stays as
// it is.
std::string array_literal(std::string_view json);

}  // namespace penstock::postgres
