#include "run/starts.h"

#include <gtest/gtest.h>

#include "async/sim_loop.h"

namespace penstock {
namespace {

config::Sync sync_to(const char* destination, config::Priority priority = config::Priority::normal) {
  config::Sync sync;
  sync.destination.value = destination;
  sync.priority = priority;
  return sync;
}

struct Course {
  SimLoop loop;
  std::vector<config::Sync> syncs;
  std::string begun;  // a letter of each destination
  size_t most = 0, running = 0;
};

Task<void> run_one(Course* course, Starts* starts, const config::Sync* sync) {
  co_await starts->wait(*sync);
  course->begun += *sync->destination;
  course->most = std::max(course->most, ++course->running);
  co_await course->loop.sleep_for(1s);
  --course->running;
  starts->ended(*sync);
}

Task<void> run_all(Course* course, size_t at_once) {
  Starts starts(course->loop, at_once);
  TaskGroup group(course->loop);
  for (const auto& sync : course->syncs) group.spawn(run_one(course, &starts, &sync));
  co_await course->loop.yield();
  starts.open();
  co_await group.join();
}

TEST(Starts, GoesRoundTheDestinations) {
  Course course;
  for (const char* destination : {"a", "a", "a", "a", "b", "b", "c"})
    course.syncs.push_back(sync_to(destination));
  course.loop.run(run_all(&course, 3));
  EXPECT_EQ(course.begun, "abcabaa");
  EXPECT_EQ(course.most, 3u);
}

TEST(Starts, LetsAnIdleDestinationBeginThoughOthersCameFirst) {
  Course course;
  for (const char* destination : {"a", "a", "a", "a", "a", "a", "b"})
    course.syncs.push_back(sync_to(destination));
  course.loop.run(run_all(&course, 2));
  EXPECT_EQ(course.begun.substr(0, 2), "ab");
}

TEST(Starts, HeedsPriorities) {
  Course course;
  for (const auto priority : {config::Priority::low, config::Priority::normal, config::Priority::high})
    course.syncs.push_back(sync_to(priority == config::Priority::low      ? "l"
                                   : priority == config::Priority::normal ? "n"
                                                                          : "h",
                                   priority));
  course.loop.run(run_all(&course, 1));
  EXPECT_EQ(course.begun, "hnl");
}

}  // namespace
}  // namespace penstock
