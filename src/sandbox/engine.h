// The sandbox without its sockets: requests in, replies out.
#pragma once

#include <memory>
#include <mutex>

#include "base/result.h"
#include "base/time.h"
#include "sandbox/answer.h"
#include "sandbox/options.h"
#include "sandbox/vendors.h"

namespace penstock::sandbox {

// Thread-safe by one lock: requests are carried out one at a time, as a vendor's database would order them.
class Engine {
 public:
  // `clock` must outlive the engine. An unknown vendor is an error of kind config.
  static Result<std::unique_ptr<Engine>> make(const SandboxOptions& options, const Clock& clock);

  ServerReply handle(const ServerRequest& request);

 private:
  Engine(const SandboxOptions& options, const Clock& clock) : options_(options), clock_(clock) {}
  Result<void> reset();
  ServerReply route(const ServerRequest& request);
  ServerReply handle_vendor(const ServerRequest& request);
  Answer answer_with_fault(const ServerRequest& request, const FaultOrder& fault);
  Answer answer(const ServerRequest& request);

  const SandboxOptions options_;
  const Clock& clock_;
  VendorMaker maker_;
  std::mutex mutex_;
  std::unique_ptr<State> state_;
  std::unique_ptr<Vendor> vendor_;
};

}  // namespace penstock::sandbox
