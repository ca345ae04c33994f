// Rate budgets in PostgreSQL: a process claims a slice of a window and spends it by itself, so that requests
// do not ask the database each.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "deliver/spending.h"
#include "state/postgres/server.h"

namespace penstock::state {

// Asks, closes and renews the claims of all accounts on a thread of its own. A slice counts whole from when
// it is claimed until the window's length after its last request ended: never more is sent than is allowed, a
// little less may be. What a process that died had claimed lapses by itself. Without the database nothing is
// claimed, and nothing sent.
class PostgresBudgets {
 public:
  explicit PostgresBudgets(PostgresServer& server);  // which must outlive this
  PostgresBudgets(const PostgresBudgets&) = delete;
  PostgresBudgets& operator=(const PostgresBudgets&) = delete;
  ~PostgresBudgets();

  // Must not outlive this.
  std::unique_ptr<Spending> of(const std::string& account);

 private:
  // A slice of a window.
  struct Claim {
    std::string id;
    uint64_t granted = 0, taken = 0, under_way = 0;
    int64_t usable_until_us = 0, renewed_us = 0;
  };
  using Name = std::pair<uint64_t, int64_t>;  // group, length in microseconds
  struct Window {
    uint64_t allowed = 0;          // as it was last asked for
    std::vector<Claim> claims;     // the oldest first
    bool wanted = false;           // the thread is to ask for a slice, or does
    uint64_t used = 0;             // of all processes, when it was last asked
    int64_t refused_until_us = 0;  // there was nothing left: it is not asked for before
    int64_t full_until_us = 0;     // when something lapses, if nobody gives back before
  };
  class Of;
  struct Job;

  static Claim* usable(Window& window, int64_t now_us);
  void work();
  std::vector<Job> jobs_to_do(int64_t now_us, bool ending);
  void do_job(Job& job);
  void claim(Job& job);

  PostgresServer& server_;
  const std::string process_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::map<Name, Window>> accounts_;
  uint64_t claims_ = 0;
  bool ending_ = false;
  std::thread worker_;
};

}  // namespace penstock::state
