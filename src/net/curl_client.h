// The HTTP client that talks to real servers: libcurl's multi interface on a RealLoop.
//
// Connections are kept and reused, HTTP/2 is used where a server offers it over TLS, certificates are always
// verified, and a proxy is taken from the environment (https_proxy, http_proxy, no_proxy).
//
// A request that is not GET or HEAD is never sent a second time by the client itself, not even when a kept
// connection turns out to be dead after the request was written to it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "async/real_loop.h"
#include "net/address_policy.h"
#include "net/http.h"

namespace penstock {

struct CurlClientOptions {
  // PEM file of certificate authorities to trust in place of the system's; empty: the system's.
  std::string ca_file{};
  std::string user_agent = "penstock";
  // Requests beyond it wait for a connection; the time counts towards their limits. 0: no limit.
  size_t host_connections_max = 0;
  // Kept open for reuse, over all hosts.
  size_t idle_connections_max = 256;
  // What was sent and is not acknowledged for so long is given up with its connection, and so is a connection
  // that is not made in this time: nothing arrives long after it was sent. 0: as long as the system thinks.
  Duration unacknowledged_max{};
  // Where requests may go. Looked at when a connection is made, with the address that the name led to, and
  // again before each request that takes a kept one. What is refused is of kind `permission`, and nothing was
  // sent. A policy that guards uses no proxy, which would look up names in our place.
  AddressPolicy addresses{};
  // The process's guard counts, too (address_guard.h): for requests to what a project names.
  bool guarded = false;
};

class CurlMulti;

class CurlClient final : public HttpClient {
 public:
  // The loop must outlive the client. Fails (config) if the CA file cannot be read.
  static Result<std::unique_ptr<CurlClient>> create(RealLoop& loop, CurlClientOptions options = {});
  ~CurlClient() override;

  Task<HttpOutcome> send(HttpRequest request) override;

 private:
  explicit CurlClient(std::shared_ptr<CurlMulti> multi);

  // Shared with the transfers that are under way, whose tasks may outlive the client.
  std::shared_ptr<CurlMulti> multi_;
};

}  // namespace penstock
