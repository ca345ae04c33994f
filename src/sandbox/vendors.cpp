#include "sandbox/vendors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sandbox/hubspot/hubspot.h"
#include "sandbox/lua/lua_vendor.h"

namespace penstock::sandbox {
namespace {

constexpr const char* kHubSpot = "hubspot";  // the one that is C++

VendorMaker lua_maker(lua::Dialect dialect) {
  return [dialect = std::move(dialect)](State& state) { return lua::make_lua_vendor(dialect, state); };
}

}  // namespace

Result<VendorMaker> find_vendor(const SandboxOptions& options) {
  if (!options.dialect.empty()) {
    auto dialect = lua::read_dialect(options.dialect);
    if (!dialect.ok()) return dialect.error();
    return lua_maker(*std::move(dialect));
  }
  if (options.vendor == kHubSpot) {
    return VendorMaker(
        [](State& state) -> Result<std::unique_ptr<Vendor>> { return hubspot::make_hubspot(state); });
  }
  if (auto dialect = lua::find_dialect(options.vendor)) return lua_maker(*std::move(dialect));
  return Error{
      ErrorKind::config, fmt::format("the sandbox has no vendor '{}'", options.vendor),
      fmt::format("Choose one of: {}; or bring your own with --dialect.", fmt::join(vendor_names(), ", "))};
}

std::vector<std::string> vendor_names() {
  std::vector<std::string> names{kHubSpot};
  for (const std::string_view name : lua::dialect_names()) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace penstock::sandbox
