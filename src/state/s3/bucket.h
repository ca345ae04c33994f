// An S3-compatible bucket as far as a shared state needs it: whole objects, some of them only if nobody else
// has written them meanwhile.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/sigv4.h"
#include "state/place.h"

namespace penstock {
class RealLoop;
class CurlClient;
}  // namespace penstock

namespace penstock::state {

struct BucketObject {
  std::string bytes, etag;
};

struct BucketEntry {
  std::string key;
  uint64_t size = 0;
};

// Thread-safe; blocking. Keys are below the place's prefix, of letters, digits and "-._/". Requests that may
// succeed if repeated are, for half a lease. Errors are of kind `disk`, or `config` for a login that is
// refused. Conditional writes (If-None-Match: *, If-Match) as in Amazon S3 since 2024-11:
// docs.aws.amazon.com, "How to prevent object overwrites with conditional writes", 2026-11.
class Bucket {
 public:
  explicit Bucket(Place place);
  ~Bucket();
  Result<std::optional<BucketObject>> get(const std::string& key);
  // `only_if`: the etag that the object must have now; empty: it must not be there. The new etag; nullopt:
  // the condition does not hold. No two writers give the same bytes.
  Result<std::optional<std::string>> put_if(const std::string& key, const std::string& bytes,
                                            const std::string& only_if);
  Result<void> put(const std::string& key, std::string_view bytes);
  Result<void> remove(const std::string& key);
  // Sorted by key; keys without the place's prefix.
  Result<std::vector<BucketEntry>> list(const std::string& prefix);
  const Place& place() const { return place_; }

 private:
  struct Connection;
  struct Reply {
    int status = 0;
    std::string body, etag;
    bool repeated = false;  // an earlier try may have come through
  };
  Result<Reply> send(const std::string& method, const std::string& key, const std::string& query,
                     const std::vector<std::pair<std::string, std::string>>& headers, std::string_view body);
  Error as_error(const std::string& what, const Reply& reply) const;

  const Place place_;
  SigV4Keys keys_;
  std::string base_;  // the bucket's address
  std::string prefix_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace penstock::state
