#include "ledger/run_store.h"

#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "base/temp_directory.h"

namespace penstock {
namespace {

// A second process once found the database as it was before the first one's tables, and was refused.
TEST(RunStore, ProcessesCreateOneHistoryAtTheSameTime) {
  constexpr int kProcesses = 4;
  TempDirectory directory;
  for (int round = 0; round < 50; ++round) {
    const std::string path = directory.path() + "/" + std::to_string(round) + ".db";
    std::barrier start(kProcesses);
    std::vector<std::string> errors(kProcesses);
    {
      std::vector<std::jthread> processes;
      processes.reserve(kProcesses);
      for (int i = 0; i < kProcesses; ++i)
        processes.emplace_back([&, i] {
          start.arrive_and_wait();
          auto store = RunStore::open(path);
          if (!store.ok()) {
            errors[i] = store.error().message;
            return;
          }
          RunRow run;
          run.run = "run-" + std::to_string(i);
          run.sync = "contacts";
          if (auto put = store->put(run); !put.ok()) errors[i] = put.error().message;
        });
    }
    for (const std::string& error : errors) EXPECT_EQ(error, "") << "round " << round;
    auto store = RunStore::open(path);
    ASSERT_TRUE(store.ok());
    auto runs = store->list("", 100);
    ASSERT_TRUE(runs.ok());
    EXPECT_EQ(runs->size(), size_t{kProcesses});
  }
}

}  // namespace
}  // namespace penstock
