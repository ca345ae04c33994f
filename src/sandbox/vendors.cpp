#include "sandbox/vendors.h"

#include <fmt/format.h>

#include <string>

#include "sandbox/hubspot/hubspot.h"

namespace penstock::sandbox {
namespace {

struct Entry {
  std::string_view name;
  std::unique_ptr<Vendor> (*make)(State&);
};

// One line a vendor, in alphabetical order.
constexpr Entry kVendors[] = {
    {"hubspot", hubspot::make_hubspot},
};

std::string names() {
  std::string all;
  for (const Entry& entry : kVendors) all += (all.empty() ? "" : ", ") + std::string(entry.name);
  return all;
}

}  // namespace

Result<std::unique_ptr<Vendor>> make_vendor(std::string_view name, State& state) {
  for (const Entry& entry : kVendors) {
    if (entry.name == name) return entry.make(state);
  }
  return Error{ErrorKind::config, fmt::format("the sandbox has no vendor '{}'", name),
               fmt::format("Choose one of: {}.", names())};
}

}  // namespace penstock::sandbox
