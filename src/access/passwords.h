// Passwords: what may be one, and how they are kept (Argon2id, RFC 9106, by libsodium). Private to access/.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "access/access.h"

namespace penstock::access {

// Hashes so many at once; each takes its memory and about a tenth of a second. Thread-safe.
class Passwords {
 public:
  explicit Passwords(const AccessOptions& options);

  // Text with algorithm, parameters, salt and hash. Errors: rate_limited (too many wait), transient (no
  // memory).
  Result<std::string> hash(const declare::Secret& password);
  // Takes the same time whether there is a hash or not (empty: there is no such user).
  Result<bool> fits(const std::string& hash, const declare::Secret& password);
  // It was made with other parameters than these.
  bool is_outdated(const std::string& hash) const;

 private:
  // Its turn to use memory.
  class Turn {
   public:
    explicit Turn(Passwords& passwords) : passwords_(passwords) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

   private:
    Passwords& passwords_;
  };
  Result<void> wait_for_turn();
  Result<std::string> hash_in_turn(const std::string& password) const;
  Result<std::string> nobodys_hash();

  const uint64_t passes_;
  const size_t bytes_;
  const uint32_t at_once_, waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint32_t running_ = 0, waiting_ = 0;
  std::string nobodys_;
};

}  // namespace penstock::access
