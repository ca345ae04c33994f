// The vendors that a sandbox can stand in for.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "sandbox/vendor.h"

namespace penstock::sandbox {

// `state` must outlive the vendor. An unknown name is an error of kind config that lists those there are.
Result<std::unique_ptr<Vendor>> make_vendor(std::string_view name, State& state);

}  // namespace penstock::sandbox
