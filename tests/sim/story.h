// One seed is one story: a sync that is run again and again while the model changes, the network fails, the
// power is cut and others write; in the end all is calm, and the auditor looks at what is there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::sim {

struct StoryEnd {
  std::string story;                  // what happened, line by line
  std::vector<std::string> problems;  // what must not have
  uint64_t runs = 0, crashes = 0, requests = 0, rows_written = 0;
  uint64_t lost_in_window = 0;  // edits of others between our reading and our writing (stories of owners)
};

// The same seed tells the same story.
StoryEnd tell_story(uint64_t seed);

}  // namespace penstock::sim
