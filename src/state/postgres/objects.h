// Objects and leases in PostgreSQL.
#pragma once

#include <map>
#include <mutex>

#include "base/random.h"
#include "state/object_store.h"
#include "state/postgres/server.h"

namespace penstock::state {

// Every write is one statement that sees to the fence and holds the lease's row until it is durable: a lease
// changes hands before it or after it. What is larger than a chunk is sent in advance under a number of its
// own, and that statement gives it its name.
class PostgresObjects final : public ObjectStore {
 public:
  explicit PostgresObjects(PostgresServer& server);  // which must outlive this
  Result<std::vector<ObjectInfo>> list(const std::string& directory) override;
  Result<std::optional<ObjectInfo>> find(const std::string& name) override;
  Result<std::optional<ObjectInfo>> read(const std::string& name, const Reader& reader) override;
  Result<void> put(const std::string& name, std::string_view bytes, const std::string& digest,
                   const Fence& fence) override;
  Result<void> append(const std::string& name, uint64_t at, std::string_view bytes,
                      const Fence& fence) override;
  Result<void> remove(const std::string& name, const Fence& fence) override;

 private:
  Result<void> upload(const std::string& content, std::string_view bytes);
  Result<bool> has_just_appended(const std::string& name, uint64_t at, uint64_t size);
  std::string new_content();
  PostgresServer& server_;
  std::mutex mutex_;
  Random random_;
};

class PostgresLeases final : public LeaseStore {
 public:
  explicit PostgresLeases(PostgresServer& server) : server_(server) {}  // which must outlive this
  Result<TakenLease> take(const std::string& lease, const std::string& holder, Duration length) override;
  Result<std::vector<bool>> renew(const std::vector<Fence>& held, Duration length) override;
  Result<void> give_back(const Fence& fence) override;

 private:
  PostgresServer& server_;
};

// A WITH item that has one row while the fence holds. Takes $1 and $2: the lease's name and token.
std::string held_sql(const Fence& fence);
// The texts of a fence as a statement's first two parameters.
Parameters fence_parameters(const Fence& fence);

}  // namespace penstock::state
