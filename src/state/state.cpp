#include "state/state.h"

#include "deliver/accounts.h"
#include "state/cache.h"
#include "state/leases.h"
#include "state/mirrored_disk.h"
#include "state/postgres/objects.h"
#include "state/postgres/queue.h"
#include "state/postgres/runs.h"
#include "state/postgres/spending.h"
#include "state/s3/bucket_runs.h"
#include "state/s3/heads.h"

namespace penstock::state {
namespace {

class DirectoryState final : public State {
 public:
  DirectoryState(Disk& disk, std::string root) : disk_(disk), root_(std::move(root)) {}
  const std::string& root() const override { return root_; }
  Disk& disk() override { return disk_; }
  Locks& locks() override { return file_locks(); }
  Result<RunStore> runs() override { return RunStore::open(join_path(root_, "penstock.db")); }
  Result<std::optional<RunStore>> existing_runs() override {
    return RunStore::open_existing(join_path(root_, "penstock.db"));
  }
  Result<std::unique_ptr<RunQueue>> queue() override {
    if (auto made = disk_.make_directories(root_); !made.ok()) return made.error();
    return open_queue_file(join_path(root_, "queue.db"));
  }
  std::unique_ptr<Spending> spending(const std::string& account, bool many) override {
    return open_spending_file(join_path(root_, "limits"), account, many);
  }
  std::string standing(const std::string&) override { return ""; }
  std::optional<Error> lost(const std::string&) override { return std::nullopt; }
  Duration on_its_way_max() const override { return Duration(0); }
  Duration patience() const override { return Duration(0); }

 private:
  Disk& disk_;
  const std::string root_;
};

// A sync's lock: its lease, with its files as they are when it is taken.
class LeaseLocks final : public Locks {
 public:
  LeaseLocks(MirroredDisk& disk, Leases& leases) : disk_(disk), leases_(leases) {}
  Result<SyncLock> acquire(const std::string& path, const std::string& sync,
                           const std::string& holder) override {
    const std::string name = disk_.lease_of(path);
    auto lease = leases_.take(name, sync, holder);
    if (!lease.ok()) return lease.error();
    auto held = std::make_unique<Held>(leases_, *std::move(lease));
    if (name.starts_with("syncs/"))
      if (auto pulled = disk_.pull(path.substr(0, path.rfind('/'))); !pulled.ok()) return pulled.error();
    return SyncLock(std::move(held));
  }

 private:
  class Held final : public HeldLock {
   public:
    Held(Leases& leases, std::shared_ptr<Lease> lease) : leases_(leases), lease_(std::move(lease)) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() override { leases_.give_back(*lease_); }

   private:
    Leases& leases_;
    std::shared_ptr<Lease> lease_;
  };

  MirroredDisk& disk_;
  Leases& leases_;
};

// What all shared places have in common: leases, and a disk that mirrors them.
class SharedState : public State {
 public:
  const std::string& root() const override { return cache_.root; }
  Disk& disk() override { return disk_; }
  Locks& locks() override { return locks_; }
  Result<std::optional<RunStore>> existing_runs() override {
    auto store = runs();
    if (!store.ok()) return store.error();
    return std::optional(*std::move(store));
  }
  std::string standing(const std::string& path) override { return leases_.standing(disk_.lease_of(path)); }
  std::optional<Error> lost(const std::string& path) override {
    const auto lease = leases_.held(disk_.lease_of(path));
    return lease ? lease->lost() : std::nullopt;
  }
  // A request begins within this time after it was allowed, and what is not acknowledged after as much again
  // is given up: together the margin of a lease.
  Duration on_its_way_max() const override { return length_ / 4; }
  Duration patience() const override { return length_ + 2s; }

 protected:
  SharedState(Disk& disk, Cache cache, ObjectStore& objects, LeaseStore& leases, Duration length)
      : length_(length),
        cache_(std::move(cache)),
        leases_(leases, length),
        disk_(disk, cache_.root, objects, leases_),
        locks_(disk_, leases_) {}
  const Leases& leases() const { return leases_; }

 private:
  const Duration length_;
  Cache cache_;
  Leases leases_;
  MirroredDisk disk_;
  LeaseLocks locks_;
};

// Outlives what is made of it.
struct PostgresParts {
  explicit PostgresParts(const Place& place)
      : server(place), lease_server(place), objects(server), lease_store(lease_server) {}
  PostgresServer server;
  PostgresServer lease_server;  // of their own: they are renewed however much travels
  PostgresObjects objects;
  PostgresLeases lease_store;
};

class PostgresState final : private PostgresParts, public SharedState {
 public:
  PostgresState(Disk& disk, const Place& place, Cache cache)
      : PostgresParts(place),
        SharedState(disk, std::move(cache), objects, lease_store, place.lease),
        budgets_(server) {}
  Result<RunStore> runs() override { return RunStore(std::make_unique<PostgresRuns>(server, leases())); }
  Result<std::unique_ptr<RunQueue>> queue() override { return postgres_queue(server); }
  std::unique_ptr<Spending> spending(const std::string& account, bool) override {
    return budgets_.of(account);
  }

 private:
  PostgresBudgets budgets_;
};

struct BucketParts {
  explicit BucketParts(const Place& place) : bucket(place), heads(bucket) {}
  Bucket bucket;
  BucketHeads heads;
};

class BucketState final : private BucketParts, public SharedState {
 public:
  BucketState(Disk& disk, const Place& place, Cache cache)
      : BucketParts(place), SharedState(disk, std::move(cache), heads, heads, place.lease) {}
  Result<RunStore> runs() override { return RunStore(std::make_unique<BucketRuns>(bucket, heads, leases())); }
  Result<std::unique_ptr<RunQueue>> queue() override {
    return Error{ErrorKind::config, "a state in a bucket cannot hold a queue of runs",
                 "keep the state in a directory or in PostgreSQL, or let a CI job or cron call penstock run"};
  }
  // A bucket cannot count in time, and the directory is of this process alone: each process keeps to a limit
  // by itself, on one machine as on several.
  std::unique_ptr<Spending> spending(const std::string& account, bool many) override {
    return open_spending_file(join_path(root(), "limits"), account, many);
  }
};

}  // namespace

Result<std::unique_ptr<State>> State::open(Disk& disk, const Place& place, const std::string& cache) {
  if (place.kind == PlaceKind::directory)
    return std::unique_ptr<State>(std::make_unique<DirectoryState>(disk, place.where));
  auto taken = Cache::take(disk, cache);
  if (!taken.ok()) return taken.error();
  if (place.kind == PlaceKind::s3)
    return std::unique_ptr<State>(std::make_unique<BucketState>(disk, place, *std::move(taken)));
  return std::unique_ptr<State>(std::make_unique<PostgresState>(disk, place, *std::move(taken)));
}

}  // namespace penstock::state
