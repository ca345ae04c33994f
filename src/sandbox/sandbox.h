// A stateful stand-in for a vendor: keeps records, enforces the vendor's batch sizes, limits and checks, and
// fails on request. For the demo, for load and for tests; `penstock sandbox` is a thin door onto it.
// docs/sandbox.md has its paths, sandbox/vendor.h what a further vendor needs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sandbox/options.h"

namespace penstock {

// The names that SandboxOptions::vendor may have, in alphabetical order.
std::vector<std::string> sandbox_vendors();

// Thread-safe. Requests are carried out one at a time, whatever the number of server threads.
class Sandbox {
 public:
  // Serves when it returns. `clock` (for limits and the times of records) must outlive the sandbox. Errors
  // are of kind config: an unknown vendor, an address that cannot be listened on.
  static Result<std::unique_ptr<Sandbox>> start(const SandboxOptions& options,
                                                const Clock& clock = real_clock());
  // Stops serving and forgets all records.
  ~Sandbox();

  uint16_t port() const;
  const std::string& url() const;  // "http://127.0.0.1:8080", with the real port

 private:
  class Service;
  explicit Sandbox(std::unique_ptr<Service> service);

  std::unique_ptr<Service> service_;
};

}  // namespace penstock
