// simulate [--seeds N] [--first S] [--fresh N] [--story] [--twice] [--hand-overs]: tells the stories of N
// seeds, beginning with S, and of some that nobody has heard; says which of them end badly.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "base/random.h"
#include "sim/story.h"

namespace penstock::sim {
namespace {

struct Wishes {
  uint64_t first = 1, seeds = 100, fresh = 0;
  bool with_story = false, twice = false, hand_overs = false;
};

struct Sums {
  uint64_t stories = 0, bad = 0, runs = 0, crashes = 0, requests = 0, rows_written = 0;
};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void tell_problems(uint64_t seed, const StoryEnd& end, bool with_story) {
  if (with_story || !end.problems.empty()) print(fmt::format("---- seed {}\n{}", seed, end.story));
  for (const auto& problem : end.problems) print(fmt::format("seed {}: {}\n", seed, problem));
  if (!end.problems.empty())
    print(fmt::format("to hear it again: simulate --seeds 1 --first {} --story\n", seed));
}

void tell(uint64_t seed, const Wishes& wishes, bool twice, Sums& sums) {
  StoryEnd end = tell_story(seed, wishes.hand_overs);
  if (twice && tell_story(seed, wishes.hand_overs).story != end.story)
    end.problems.push_back("told again, the story is another one: something is not drawn from the seed");
  tell_problems(seed, end, wishes.with_story);
  ++sums.stories;
  if (!end.problems.empty()) ++sums.bad;
  sums.runs += end.runs;
  sums.crashes += end.crashes;
  sums.requests += end.requests;
  sums.rows_written += end.rows_written;
}

int tell_many(const Wishes& wishes) {
  constexpr uint64_t kTwice = 3;
  const auto began = std::chrono::steady_clock::now();
  Random random = Random::from_system();
  Sums sums;
  for (uint64_t i = 0; i < wishes.seeds; ++i)
    tell(wishes.first + i, wishes, wishes.twice || i < kTwice, sums);
  for (uint64_t i = 0; i < wishes.fresh; ++i) tell(random.below(1'000'000'000), wishes, wishes.twice, sums);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  print(fmt::format(
      "{} stories, {} with problems: {} runs, {} crashes, {} requests, {} rows written; {:.1f} s, "
      "{:.1f} stories/s\n",
      sums.stories, sums.bad, sums.runs, sums.crashes, sums.requests, sums.rows_written, seconds,
      static_cast<double>(sums.stories) / seconds));
  return sums.bad == 0 ? 0 : 1;
}

}  // namespace
}  // namespace penstock::sim

int main(int argc, char** argv) {
  CLI::App app("Whole runs in virtual time: one seed, one story.");
  penstock::sim::Wishes wishes;
  app.add_option("--seeds", wishes.seeds, "how many");
  app.add_option("--first", wishes.first, "the first one");
  app.add_option("--fresh", wishes.fresh, "so many more that nobody has heard");
  app.add_flag("--story", wishes.with_story, "print every story, not only those that end badly");
  app.add_flag("--twice", wishes.twice, "tell each one twice, and compare");
  app.add_flag("--hand-overs", wishes.hand_overs, "records pass from a row that left to another");
  CLI11_PARSE(app, argc, argv);
  return penstock::sim::tell_many(wishes);
}
