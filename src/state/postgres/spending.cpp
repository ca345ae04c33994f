#include "state/postgres/spending.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/random.h"
#include "state/machine_clock.h"

namespace penstock::state {
namespace {

// A slice is this part of its window: small enough that what others leave unused does not hurt, large enough
// that a window needs few questions.
constexpr uint64_t kSlices = 16;
constexpr uint64_t kSliceMax = 256;
constexpr int64_t kUsableMax_us = 5'000'000;
// How long a request may be under way at most, for the claims of processes that died.
constexpr int64_t kHold_us = 120'000'000, kRenew_us = 30'000'000;
constexpr Duration kLook = 20ms;
constexpr int64_t kDay_us = int64_t{24} * 3600 * 1'000'000;

int64_t usable_us(int64_t per_us) {
  if (per_us == 0) return 2'000'000;
  return std::clamp<int64_t>(per_us / static_cast<int64_t>(kSlices), 50'000, kUsableMax_us);
}

std::string signed_text(uint64_t group) {
  return fmt::to_string(static_cast<int64_t>(group));
}

}  // namespace

struct PostgresBudgets::Job {
  enum Kind { ask, renew, close } kind = ask;
  std::string account;
  Name name;
  uint64_t allowed = 0;
  Claim claim;
};

class PostgresBudgets::Of final : public Spending {
 public:
  Of(PostgresBudgets& budgets, std::string account) : budgets_(budgets), account_(std::move(account)) {}

  std::optional<Refusal> take(std::span<const SharedWindow> windows, Time now) override {
    const std::lock_guard lock(budgets_.mutex_);
    const int64_t now_us = machine_us();
    std::vector<Claim*> claims;
    for (size_t i = 0; i < windows.size(); ++i) {
      const Name name{windows[i].group, windows[i].per.count()};
      Window& window = budgets_.accounts_[account_][name];
      window.allowed = windows[i].allowed;
      Claim* claim = budgets_.usable(window, now_us);
      if (claim == nullptr && window.refused_until_us > now_us)
        return Refusal{i, now + Duration(std::max(name.second >= kDay_us ? window.full_until_us : 0,
                                                  window.refused_until_us) -
                                         now_us)};
      if (claim == nullptr) {
        window.wanted = true;
        budgets_.changed_.notify_all();
        return Refusal{i, now + 2ms, true};
      }
      claims.push_back(claim);
    }
    for (size_t i = 0; i < claims.size(); ++i) {
      ++claims[i]->taken;
      ++claims[i]->under_way;
    }
    return std::nullopt;
  }

  void finish(std::span<const SharedWindow> windows, Time) override { settle(windows, true); }
  void give_back(std::span<const SharedWindow> windows) override { settle(windows, false); }

  // Of a day's window also what was spent before this process asked for some.
  uint64_t used(const SharedWindow& wanted, Time) override {
    const Name name{wanted.group, wanted.per.count()};
    {
      const std::lock_guard lock(budgets_.mutex_);
      Window& window = budgets_.accounts_[account_][name];
      if (window.used > 0 || name.second < kDay_us) return window.used;
    }
    auto rows = budgets_.server_.run(
        "SELECT coalesce(sum(requests), 0) FROM @spending WHERE account = $1::text AND grp = $2::bigint AND "
        "per = "
        "$3::bigint AND until > clock_timestamp()",
        {account_, signed_text(name.first), fmt::to_string(name.second)});
    return rows.ok() ? std::stoull(std::string(rows->text(0, 0))) : 0;
  }

  // Each process finds it out by itself.
  uint32_t learned_concurrency(uint64_t) override { return 0; }
  void remember_concurrency(uint64_t, uint32_t) override {}

 private:
  void settle(std::span<const SharedWindow> windows, bool was_sent) {
    const std::lock_guard lock(budgets_.mutex_);
    for (const auto& wanted : windows) {
      Window& window = budgets_.accounts_[account_][{wanted.group, wanted.per.count()}];
      const auto claim =
          std::ranges::find_if(window.claims, [](const Claim& one) { return one.under_way > 0; });
      if (claim == window.claims.end()) continue;
      --claim->under_way;
      // A place among the requests at once is free again; what was sent is spent.
      if (!was_sent || wanted.per == Duration(0)) --claim->taken;
    }
  }

  PostgresBudgets& budgets_;
  const std::string account_;
};

PostgresBudgets::PostgresBudgets(PostgresServer& server)
    : server_(server), process_([] {
        Random random = Random::from_system();
        return fmt::format("{:x}-{:x}", ::getpid(), random.below(uint64_t{1} << 48));
      }()) {}

PostgresBudgets::~PostgresBudgets() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
}

std::unique_ptr<Spending> PostgresBudgets::of(const std::string& account) {
  const std::lock_guard lock(mutex_);
  if (!worker_.joinable()) worker_ = std::thread([this] { work(); });
  return std::make_unique<Of>(*this, account);
}

PostgresBudgets::Claim* PostgresBudgets::usable(Window& window, int64_t now_us) {
  for (Claim& claim : window.claims)
    if (claim.taken < claim.granted && now_us < claim.usable_until_us) return &claim;
  return nullptr;
}

// What there is to do, taken out of the books as far as it is done with.
std::vector<PostgresBudgets::Job> PostgresBudgets::jobs_to_do(int64_t now_us, bool ending) {
  std::vector<Job> jobs;
  for (auto& [account, windows] : accounts_)
    for (auto& [name, window] : windows) {
      std::erase_if(window.claims, [&](Claim& claim) {
        const bool spent = name.second > 0 && claim.taken == claim.granted;
        const bool over = spent || now_us >= claim.usable_until_us || ending;
        if (over && (claim.under_way == 0 || ending)) {
          jobs.push_back({Job::close, account, name, 0, claim});
          return true;
        }
        if (now_us - claim.renewed_us >= kRenew_us) {
          claim.renewed_us = now_us;
          jobs.push_back({Job::renew, account, name, 0, claim});
        }
        return false;
      });
      if (!window.wanted || ending) continue;
      const uint64_t slice = std::clamp<uint64_t>(window.allowed / kSlices, 1, kSliceMax);
      const Claim claim{.id = fmt::format("{}-{}", process_, ++claims_), .granted = slice};
      jobs.push_back({Job::ask, account, name, window.allowed, claim});
    }
  return jobs;
}

void PostgresBudgets::claim(Job& job) {
  const int64_t asked_us = machine_us();
  auto rows = server_.run(
      "SELECT granted, used, next_us FROM @claim($1::text, $2::bigint, $3::bigint, $4::text, $5::bigint, "
      "$6::bigint, $7::bigint)",
      {job.account, signed_text(job.name.first), fmt::to_string(job.name.second), job.claim.id,
       fmt::to_string(job.claim.granted), fmt::to_string(job.allowed),
       fmt::to_string(usable_us(job.name.second) + job.name.second + kHold_us)});
  const std::lock_guard lock(mutex_);
  Window& window = accounts_[job.account][job.name];
  window.wanted = false;
  if (!rows.ok()) {
    window.refused_until_us = machine_us() + 500'000;
    return;
  }
  const auto number = [&](size_t column) { return std::stoll(std::string(rows->text(0, column))); };
  job.claim.granted = static_cast<uint64_t>(number(0));
  window.used = static_cast<uint64_t>(number(1));
  if (job.claim.granted == 0) {
    // Others may give back what they do not need before it lapses.
    const int64_t now_us = machine_us();
    window.full_until_us = now_us + number(2);
    window.refused_until_us = now_us + std::clamp<int64_t>(number(2), 5'000, 250'000);
    return;
  }
  job.claim.usable_until_us = asked_us + usable_us(job.name.second);
  job.claim.renewed_us = asked_us;
  window.claims.push_back(job.claim);
}

void PostgresBudgets::do_job(Job& job) {
  if (job.kind == Job::ask) return claim(job);
  // What is given back too late lapses by itself.
  const bool closes = job.kind == Job::close;
  const uint64_t counts = closes ? job.claim.taken : job.claim.granted;
  (void)server_.run(
      counts == 0
          ? "DELETE FROM @spending WHERE account = $1::text AND grp = $2::bigint AND per = $3::bigint AND "
            "claim = $4::text AND $5::bigint = 0 AND $6::bigint >= 0"
          : "UPDATE @spending SET requests = $5::bigint, until = clock_timestamp() + $6::bigint * interval "
            "'1 microsecond' WHERE account = $1::text AND grp = $2::bigint AND per = $3::bigint AND claim "
            "= $4::text",
      {job.account, signed_text(job.name.first), fmt::to_string(job.name.second), job.claim.id,
       fmt::to_string(counts),
       fmt::to_string(job.name.second + (closes && job.claim.under_way == 0 ? 0 : kHold_us))});
}

void PostgresBudgets::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool ending = ending_;
    std::vector<Job> jobs = jobs_to_do(machine_us(), ending);
    lock.unlock();
    for (Job& job : jobs) do_job(job);
    lock.lock();
    if (ending) return;
    const auto is_due = [this] {
      return ending_ || std::ranges::any_of(accounts_, [](const auto& account) {
               return std::ranges::any_of(account.second, [](const auto& one) { return one.second.wanted; });
             });
    };
    const bool has_claims = std::ranges::any_of(accounts_, [](const auto& account) {
      return std::ranges::any_of(account.second, [](const auto& one) { return !one.second.claims.empty(); });
    });
    if (has_claims)
      changed_.wait_for(lock, kLook, is_due);
    else
      changed_.wait(lock, is_due);
  }
}

}  // namespace penstock::state
