#include "async/timers.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "base/random.h"

namespace penstock {
namespace {

struct NamedTimer : Timer {
  NamedTimer(int its_name, std::vector<int>& its_fired) : Timer(&fire), name(its_name), fired(its_fired) {}
  static void fire(Timer& timer) {
    auto& self = static_cast<NamedTimer&>(timer);
    self.fired.push_back(self.name);
  }
  int name;
  std::vector<int>& fired;
};

Instant at(int64_t micros) {
  return Instant(Duration(micros));
}

// Random settings, cancellations and firings, against an ordered map.
void compare_with_map(uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  TimerHeap heap;
  std::vector<int> fired;
  std::vector<std::unique_ptr<NamedTimer>> timers;
  for (int name = 0; name < 60; ++name) timers.push_back(std::make_unique<NamedTimer>(name, fired));
  std::map<std::pair<int64_t, int>, int> expected;  // (time, order of setting) -> name
  std::map<int, std::pair<int64_t, int>> place;
  const auto forget = [&](int name) {
    if (place.contains(name)) expected.erase(place[name]);
    place.erase(name);
  };
  for (int step = 0; step < 2000; ++step) {
    const int name = static_cast<int>(random.below(timers.size()));
    if (random.chance(0.6)) {
      const auto time = static_cast<int64_t>(step + random.below(40));
      forget(name);
      heap.set(*timers[name], at(time));
      place[name] = {time, step};
      expected[place[name]] = name;
    } else if (random.chance(0.5)) {
      forget(name);
      timers[name]->cancel();
    } else {
      fired.clear();
      std::vector<int> due;
      while (!expected.empty() && expected.begin()->first.first <= step) {
        due.push_back(expected.begin()->second);
        forget(due.back());
      }
      heap.fire_due(at(step));
      ASSERT_EQ(fired, due);
    }
    ASSERT_EQ(heap.empty(), expected.empty());
    if (!expected.empty()) ASSERT_EQ(*heap.next(), at(expected.begin()->first.first));
  }
}

TEST(TimerHeap, fires_as_an_ordered_map_would) {
  for (uint64_t seed = 1; seed <= 30; ++seed) compare_with_map(seed);
}

TEST(TimerHeap, outlives_and_is_outlived) {
  std::vector<int> fired;
  auto heap = std::make_unique<TimerHeap>();
  NamedTimer stays(1, fired);
  {
    NamedTimer goes(2, fired);
    heap->set(goes, at(1));
    heap->set(stays, at(2));
  }
  EXPECT_EQ(*heap->next(), at(2));
  heap.reset();
  EXPECT_FALSE(stays.is_set());
}

}  // namespace
}  // namespace penstock
