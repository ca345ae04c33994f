// What every HubSpot account has from the start: its objects and a fair part of their properties, by the
// vendor's documentation of default properties (developers.hubspot.com, 2026).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/hubspot/object_type.h"

namespace penstock::sandbox::hubspot {

struct StandardObject {
  std::string_view name;
  std::string_view type_id;
  std::string_view singular;
};
std::span<const StandardObject> standard_objects();

// The properties a new object starts with: those of its kind and the ones HubSpot keeps itself.
std::vector<PropertyDefinition> standard_properties(std::string_view object, std::string_view created,
                                                    std::string_view modified);
// What a read returns besides the properties HubSpot keeps itself, when none are asked for.
std::vector<std::string> standard_reply_properties(std::string_view object);

}  // namespace penstock::sandbox::hubspot
