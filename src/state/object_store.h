// What shared state is kept in: named objects that all machines reach, each write of which is held to a
// lease; and the leases themselves. PostgreSQL implements both.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace penstock::state {

// A lease with the number that it was taken under: each taking of a lease gets a greater one, so that who
// held it before is told apart however late he comes.
struct Fence {
  std::string lease;  // empty: anyone may write
  uint64_t token = 0;
};

struct ObjectInfo {
  std::string name;
  uint64_t size = 0;
  std::string digest;  // of the content; empty for an object that grows
};

// Thread-safe. Names are relative paths with '/'. Errors are of kind `disk`, and name the place; of kind
// `locked` when the fence does not hold any more: then nothing was changed. Whatever returns without an error
// is durable. All calls may be repeated after an error whose outcome is not known.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  // All objects below a directory, sorted by name.
  virtual Result<std::vector<ObjectInfo>> list(const std::string& directory) = 0;
  virtual Result<std::optional<ObjectInfo>> find(const std::string& name) = 0;
  // Hands the content over in parts; nullopt when there is no such object. `begin` is called before the first
  // part, and once more when the object was replaced meanwhile and comes again from the start.
  struct Reader {
    std::function<Result<void>()> begin;
    std::function<Result<void>(std::string_view part)> take;
  };
  virtual Result<std::optional<ObjectInfo>> read(const std::string& name, const Reader& reader) = 0;
  // Replaces the object as a whole: who reads sees the old or the new. `digest` may be empty.
  virtual Result<void> put(const std::string& name, std::string_view bytes, const std::string& digest,
                           const Fence& fence) = 0;
  // Adds to an object that is `at` bytes long.
  virtual Result<void> append(const std::string& name, uint64_t at, std::string_view bytes,
                              const Fence& fence) = 0;
  // Removes an object, or all below a directory; what is not there is fine.
  virtual Result<void> remove(const std::string& name, const Fence& fence) = 0;
};

// The error, of kind `locked`, of a write whose fence did not hold.
Error lease_lost(const std::string& lease);

// A lease that was asked for: ours under `token`, or somebody's.
struct TakenLease {
  std::optional<uint64_t> token;
  std::string holder;    // who has it instead, as he named himself
  std::string standing;  // changes whenever the holder shows that he lives
};

// Time is that of the store. Thread-safe; errors as those of ObjectStore.
class LeaseStore {
 public:
  virtual ~LeaseStore() = default;
  // `holder` is unlike that of any other taking: asking again after a lost reply gives the same lease.
  virtual Result<TakenLease> take(const std::string& lease, const std::string& holder, Duration length) = 0;
  // For each of them whether it is still ours; those are from now on for `length`.
  virtual Result<std::vector<bool>> renew(const std::vector<Fence>& held, Duration length) = 0;
  virtual Result<void> give_back(const Fence& fence) = 0;
};

}  // namespace penstock::state
