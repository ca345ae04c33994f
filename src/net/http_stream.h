// A reply that is read as it arrives, for those who want more of it than memory holds: the rows of a
// database.
//
// The reader's own thread does the work, and only while it reads: a server sends no faster than it is read
// from. Certificates are verified and proxies taken from the environment, as CurlClient does.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "net/http.h"

namespace penstock {

struct HttpStreamOptions {
  std::string ca_file{};    // PEM file of authorities to trust in place of the system's; empty: the system's
  bool compressed = false;  // asks for gzip
  // Set from any thread, it ends what waits here, soon and with an error of kind `interrupted`.
  std::shared_ptr<const std::atomic<bool>> cancelled{};
};

// Use from one thread at a time. Destroyed early, it breaks the transfer off. Errors are as those of a
// TransportFailure.
class HttpStream {
 public:
  // A POST of the request's body. `timeouts.total` is for the whole reply, however slowly it is read.
  static Result<std::unique_ptr<HttpStream>> post(HttpRequest request, HttpStreamOptions options);
  virtual ~HttpStream() = default;

  // When the reply began.
  virtual int status() const = 0;
  virtual const std::string* header(std::string_view name) const = 0;
  // Appends what has arrived, at least a byte; false: the reply has ended, as its length or its last chunk
  // tells. A reply that ends without either is an error: it cannot be told from one that was cut off.
  virtual Result<bool> read(std::string& into) = 0;
};

}  // namespace penstock
