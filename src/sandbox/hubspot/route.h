// Which operation a request's path means, in either spelling:
// /crm/v3/objects/{type}/… and, by date version, /crm/objects/2026-03/{type}/….
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::sandbox::hubspot {

enum class Resource {
  objects,       // /crm/v3/objects/{type}…
  properties,    // /crm/v3/properties/{type}…
  lists,         // /crm/v3/lists/{id}…
  associations,  // /crm/v4/associations/{from}/{to}…
  schemas,       // /crm-object-schemas/v3/schemas…
  account,       // /account-info/v3/details
  token,         // /oauth/v1/token
  unknown,
};

struct Route {
  Resource resource = Resource::unknown;
  std::vector<std::string> rest;  // the decoded segments after the resource: {"contacts", "batch", "upsert"}
  std::string shown;              // the path for statistics: single records as {id}
};

// `path` as it was sent, percent-encoded.
Route parse_route(std::string_view path);

}  // namespace penstock::sandbox::hubspot
