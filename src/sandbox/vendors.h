// The vendors that a sandbox can stand in for.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/vendor.h"

namespace penstock::sandbox {

// Makes a vendor that has no records yet; the state must outlive it.
using VendorMaker = std::function<Result<std::unique_ptr<Vendor>>(State&)>;

// The vendor that the options name, or the one that their dialect describes. An unknown name is an error of
// kind config that lists those there are; so is a dialect that cannot be read.
Result<VendorMaker> find_vendor(const SandboxOptions& options);

// In alphabetical order.
std::vector<std::string> vendor_names();

}  // namespace penstock::sandbox
