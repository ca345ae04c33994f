// Objects and leases in a bucket that knows conditional writes.
//
// What stands under one lease has one head: a small object that names the lease's holder and its files with
// their parts. A durable step puts its bytes under a key of its own and then replaces the head, on the
// condition that nobody has replaced it since: who lost the lease cannot. Histories of runs are objects of
// their own.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/random.h"
#include "state/object_store.h"
#include "state/s3/bucket.h"

namespace penstock::state {

struct HeadPart {
  std::string key;
  uint64_t size = 0;
};

struct HeadFile {
  std::string digest;
  std::vector<HeadPart> parts;
  uint64_t size() const;
};

// The text of a head is JSON (docs/formats.md).
struct Head {
  uint64_t token = 0, beats = 0;
  std::string holder;
  std::map<std::string, HeadFile> files;
  std::string text() const;
  static Result<Head> parse(const std::string& text, const std::string& key);
};

// Thread-safe. A bucket has no clock that all agree on: who wants a lease watches its head, and takes it when
// the head has not changed for the length of the lease.
class BucketHeads final : public ObjectStore, public LeaseStore {
 public:
  explicit BucketHeads(Bucket& bucket);  // which must outlive this
  Result<std::vector<ObjectInfo>> list(const std::string& directory) override;
  Result<std::optional<ObjectInfo>> find(const std::string& name) override;
  Result<std::optional<ObjectInfo>> read(const std::string& name, const Reader& reader) override;
  Result<void> put(const std::string& name, std::string_view bytes, const std::string& digest,
                   const Fence& fence) override;
  Result<void> append(const std::string& name, uint64_t at, std::string_view bytes,
                      const Fence& fence) override;
  Result<void> remove(const std::string& name, const Fence& fence) override;
  Result<TakenLease> take(const std::string& lease, const std::string& holder, Duration length) override;
  Result<std::vector<bool>> renew(const std::vector<Fence>& held, Duration length) override;
  Result<void> give_back(const Fence& fence) override;
  // An error of kind `locked` when the fence does not hold at this moment.
  Result<void> see_to(const Fence& fence);

 private:
  struct Held {
    std::mutex mutex;
    Head head;
    std::string etag;  // empty: it was lost
  };
  struct Watched {
    std::string etag;
    int64_t since_us = 0;
  };
  using Change = std::function<Result<void>(Head& head)>;

  Result<std::optional<Head>> head_of(const std::string& lease, std::string* etag);
  Result<void> change(const Fence& fence, const Change& change);
  Result<TakenLease> held_by_another(const std::string& lease, const Head& head, const std::string& etag);
  Result<std::vector<HeadPart>> upload(const std::string& lease, std::string_view bytes);
  void forget_parts(const std::vector<HeadPart>& parts);
  void remove_leftovers(const std::string& lease, const Head& head);
  std::string new_key(const std::string& lease);

  Bucket& bucket_;
  std::mutex mutex_;
  Random random_;
  std::map<std::string, std::shared_ptr<Held>> held_;
  std::map<std::string, Watched> watched_;
};

}  // namespace penstock::state
