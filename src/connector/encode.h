// Everything of a request that its rows decide: body, path, headers.
#pragma once

#include <span>
#include <string>

#include "connector/connector.h"

namespace penstock::connector {

// The body as it travels, empty where the operation has none. `rows` has as many rows as the operation takes.
std::string encode(const BoundOperation& operation, std::span<const RowView> rows,
                   const RequestFacts& request);
// The Content-Type of such a body.
std::string_view content_type(const Operation& operation);

// An object of JSON as a web form (application/x-www-form-urlencoded): objects and lists within it become
// name[inner]=value and name[0]=value, NULL an empty value.
std::string as_form(std::string_view json);

}  // namespace penstock::connector
