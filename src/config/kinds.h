// What can be connected: names of types and the settings that each one has. config/ knows neither sources nor
// connectors; whoever loads a project hands both in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "declare/settings.h"

namespace penstock::config {

class Kinds {
 public:
  virtual ~Kinds() = default;
  virtual std::vector<std::string> names() const = 0;
  // The settings of one type, without `type` itself and without the fields that every type has. Null when
  // there is no such type. Lives as long as this object.
  virtual const declare::Of<declare::Settings>* find(std::string_view name) const = 0;
};

struct ProjectKinds {
  const Kinds& sources;
  const Kinds& destinations;
};

// slack, pagerduty, email, webhook.
const Kinds& alert_kinds();

}  // namespace penstock::config
