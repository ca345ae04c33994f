#include "snapshot/new_keys.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "base/random.h"

namespace penstock {
namespace {

TEST(NewKeys, TellsTheFirstFromTheSecond) {
  NewKeys keys;
  EXPECT_TRUE(keys.insert({1, 0}));
  EXPECT_FALSE(keys.insert({1, 0}));
  EXPECT_TRUE(keys.insert({1, 1}));
  EXPECT_EQ(keys.size(), 2u);
}

TEST(NewKeys, OfEqualKeysInOneCallTheFirstIsNew) {
  NewKeys keys;
  const std::vector<KeyHash> batch{{5, 5}, {~uint64_t{0}, 1}, {5, 5}, {5, 6}};
  std::vector<uint8_t> is_new(batch.size(), 9);
  keys.insert(batch, is_new);
  EXPECT_EQ(is_new, (std::vector<uint8_t>{1, 1, 0, 1}));
}

TEST(NewKeys, AgreesWithANaiveSet) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    NewKeys keys;
    std::set<KeyHash> naive;
    const int bits = static_cast<int>(random.below(16));
    const uint64_t range = uint64_t{1} << bits;
    // Skewed towards few partitions and long clusters, or spread over all.
    const uint64_t shift = bits < 10 ? random.below(40) : 63 - static_cast<uint64_t>(bits);
    for (int call = 0; call < 10; ++call) {
      std::vector<KeyHash> batch(random.below(6000));
      for (KeyHash& key : batch) key = {(random.below(range) << shift) + 1, random.below(2)};
      std::vector<uint8_t> is_new(batch.size());
      keys.insert(batch, is_new);
      for (size_t i = 0; i < batch.size(); ++i) ASSERT_EQ(is_new[i] != 0, naive.insert(batch[i]).second);
    }
    EXPECT_EQ(keys.size(), naive.size());
  }
}

TEST(NewKeys, ThreadsFindEachKeyNewOnce) {
  constexpr uint64_t kKeys = 200'000;
  NewKeys keys;
  const auto fill = [&](uint64_t& news) {
    Random random(3);  // both threads insert the same keys
    std::vector<KeyHash> batch(1000);
    std::vector<uint8_t> is_new(batch.size());
    for (uint64_t done = 0; done < kKeys; done += batch.size()) {
      for (KeyHash& key : batch) key = {random.next() | 1, random.next()};
      keys.insert(batch, is_new);
      for (const uint8_t one : is_new) news += one;
    }
  };
  uint64_t first = 0, second = 0;
  {
    std::jthread other([&] { fill(second); });
    fill(first);
  }
  EXPECT_EQ(first + second, kKeys);
  EXPECT_EQ(keys.size(), kKeys);
}

TEST(NewKeys, TakesAtMostTwentySevenBytesAKey) {
  Random random(1);
  NewKeys keys;
  std::vector<KeyHash> batch(5000);
  std::vector<uint8_t> is_new(batch.size());
  for (int call = 0; call < 200; ++call) {
    for (KeyHash& key : batch) key = {random.next() | 1, random.next()};
    keys.insert(batch, is_new);
    if (keys.size() > 50'000) {
      ASSERT_LE(keys.memory_bytes(), 27 * keys.size() + 64UL * 1024) << keys.size();
    }
  }
}

}  // namespace
}  // namespace penstock
