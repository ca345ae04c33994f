#include "state/state.h"

#include "deliver/accounts.h"
#include "state/cache.h"
#include "state/leases.h"
#include "state/mirrored_disk.h"
#include "state/postgres/objects.h"
#include "state/postgres/runs.h"
#include "state/postgres/spending.h"

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
  std::unique_ptr<Spending> spending(const std::string& account, bool many) override {
    return open_spending_file(join_path(root_, "limits"), account, many);
  }
  std::string standing(const std::string&) override { return ""; }
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

class PostgresState final : public State {
 public:
  PostgresState(Disk& disk, const Place& place, Cache cache)
      : cache_(std::move(cache)),
        server_(place),
        lease_server_(place),
        objects_(server_),
        lease_store_(lease_server_),
        leases_(lease_store_, place.lease),
        disk_(disk, cache_.root, objects_, leases_),
        locks_(disk_, leases_),
        budgets_(server_) {}
  const std::string& root() const override { return cache_.root; }
  Disk& disk() override { return disk_; }
  Locks& locks() override { return locks_; }
  Result<RunStore> runs() override { return RunStore(std::make_unique<PostgresRuns>(server_, leases_)); }
  Result<std::optional<RunStore>> existing_runs() override {
    auto store = runs();
    if (!store.ok()) return store.error();
    return std::optional(*std::move(store));
  }
  std::unique_ptr<Spending> spending(const std::string& account, bool) override {
    return budgets_.of(account);
  }
  std::string standing(const std::string& path) override { return leases_.standing(disk_.lease_of(path)); }
  // A request begins within this time after it was allowed, and what is not acknowledged after as much again
  // is given up: together the margin of a lease.
  Duration on_its_way_max() const override { return server_.place().lease / 4; }
  Duration patience() const override { return server_.place().lease + 2s; }

 private:
  Cache cache_;
  PostgresServer server_;
  PostgresServer lease_server_;  // of their own: they are renewed however much travels
  PostgresObjects objects_;
  PostgresLeases lease_store_;
  Leases leases_;
  MirroredDisk disk_;
  LeaseLocks locks_;
  PostgresBudgets budgets_;
};

}  // namespace

Result<std::unique_ptr<State>> State::open(Disk& disk, const Place& place, const std::string& cache) {
  if (place.kind == PlaceKind::directory)
    return std::unique_ptr<State>(std::make_unique<DirectoryState>(disk, place.where));
  auto taken = Cache::take(disk, cache);
  if (!taken.ok()) return taken.error();
  return std::unique_ptr<State>(std::make_unique<PostgresState>(disk, place, *std::move(taken)));
}

}  // namespace penstock::state
