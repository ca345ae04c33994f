#include "sandbox/value_index.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace penstock::sandbox {
namespace {

// Few hashes, so that chains are long, wrap around and lose members in the middle.
TEST(UniqueIndex, does_what_a_map_does) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    UniqueIndex index;
    std::map<RecordNumber, uint64_t> twin;  // record -> hash
    for (int step = 0; step < 500; ++step) {
      const auto record = static_cast<RecordNumber>(random.below(60));
      if (const auto held = twin.find(record); held != twin.end()) {
        index.erase(held->second, record);
        twin.erase(held);
      } else {
        const uint64_t hash = random.below(8) * 0x1'0000'0005ULL;
        index.insert(hash, record);
        twin.emplace(record, hash);
      }
      const uint64_t hash = twin.contains(record) ? twin.at(record) : 0;
      for (RecordNumber wanted = 0; wanted < 60; ++wanted) {
        const auto found = index.find(hash, [&](RecordNumber candidate) { return candidate == wanted; });
        const auto held = twin.find(wanted);
        const bool expected =
            held != twin.end() && static_cast<uint32_t>(held->second) == static_cast<uint32_t>(hash);
        ASSERT_EQ(found.has_value(), expected) << "record " << wanted << " step " << step;
      }
    }
  }
}

TEST(PostingIndex, lists_records_by_hash) {
  PostingIndex index;
  index.add(7, 1);
  index.add(7, 3);
  index.add(8, 2);
  EXPECT_EQ(index.find(7).size(), 2u);
  EXPECT_EQ(index.find(8).size(), 1u);
  EXPECT_TRUE(index.find(9).empty());
}

}  // namespace
}  // namespace penstock::sandbox
