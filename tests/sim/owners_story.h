// One seed is one story of owners: a sync that reads before it writes, other writers between any two of its
// requests, deaths in the middle, and runs that are taken back; in the end all is calm, and the twin looks at
// what is there.
#pragma once

#include "sim/story.h"

namespace penstock::sim {

// The same seed tells the same story.
StoryEnd tell_owners_story(uint64_t seed);

}  // namespace penstock::sim
