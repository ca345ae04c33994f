// simulate [--owners] [--seeds N] [--first S] [--fresh N] [--jobs N] [--story] [--twice]: tells the stories
// of N seeds, beginning with S, and of some that nobody has heard; says which of them end badly.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/random.h"
#include "sim/owners_story.h"
#include "sim/story.h"

namespace penstock::sim {
namespace {

struct Wishes {
  uint64_t first = 1, seeds = 100, fresh = 0;
  unsigned jobs = 0;  // threads; 0: as many as the machine has
  bool with_story = false, twice = false;
  bool owners = false;  // of syncs that read before they write, among other writers
};

struct Sums {
  uint64_t stories = 0, bad = 0, runs = 0, crashes = 0, requests = 0, rows_written = 0, lost_in_window = 0;
};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void tell_problems(uint64_t seed, const StoryEnd& end, bool with_story, bool owners) {
  if (with_story || !end.problems.empty()) print(fmt::format("---- seed {}\n{}", seed, end.story));
  for (const auto& problem : end.problems) print(fmt::format("seed {}: {}\n", seed, problem));
  if (!end.problems.empty())
    print(fmt::format("to hear it again: simulate{} --seeds 1 --first {} --story\n",
                      owners ? " --owners" : "", seed));
}

// The line of the second at which two tellings part.
std::optional<std::string> first_difference(const std::string& first, const std::string& second) {
  if (first == second) return std::nullopt;
  const auto parts = std::mismatch(first.begin(), first.end(), second.begin(), second.end()).second;
  const size_t at = static_cast<size_t>(parts - second.begin());
  const size_t start = at == 0 ? 0 : second.rfind('\n', at - 1) + 1;
  return second.substr(start, second.find('\n', at) - start);
}

// Many stories, several at a time: each has its own world, and nothing but the seed decides.
class Telling {
 public:
  explicit Telling(const Wishes& wishes) : wishes_(wishes), random_(Random::from_system()) {}

  Sums tell_all() {
    unsigned jobs = wishes_.jobs > 0 ? wishes_.jobs : std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::jthread> tellers;
    while (jobs-- > 0)
      tellers.emplace_back([this] {
        while (const auto next = take_next()) tell(*next);
      });
    tellers.clear();
    return sums_;
  }

 private:
  struct Next {
    uint64_t seed;
    bool twice;
  };

  std::optional<Next> take_next() {
    constexpr uint64_t kTwice = 3;
    const std::lock_guard lock(mutex_);
    const uint64_t number = taken_++;
    if (number < wishes_.seeds) return Next{wishes_.first + number, wishes_.twice || number < kTwice};
    if (number < wishes_.seeds + wishes_.fresh) return Next{random_.below(1'000'000'000), wishes_.twice};
    return std::nullopt;
  }

  StoryEnd story(uint64_t seed) const { return wishes_.owners ? tell_owners_story(seed) : tell_story(seed); }

  void tell(const Next& next) {
    StoryEnd end = story(next.seed);
    if (next.twice)
      if (const auto other = first_difference(end.story, story(next.seed).story))
        end.problems.push_back(
            "told again, the story is another one: something is not drawn from the seed: " + *other);
    const std::lock_guard lock(mutex_);
    tell_problems(next.seed, end, wishes_.with_story, wishes_.owners);
    ++sums_.stories;
    if (!end.problems.empty()) ++sums_.bad;
    sums_.runs += end.runs;
    sums_.crashes += end.crashes;
    sums_.requests += end.requests;
    sums_.rows_written += end.rows_written;
    sums_.lost_in_window += end.lost_in_window;
    tell_progress();
  }

  void tell_progress() {
    constexpr auto kEvery = std::chrono::seconds(30);
    const auto now = std::chrono::steady_clock::now();
    if (now < told_ + kEvery) return;
    told_ = now;
    fmt::print(stderr, "{} of {} stories, {} with problems\n", sums_.stories, wishes_.seeds + wishes_.fresh,
               sums_.bad);
  }

  const Wishes& wishes_;
  std::mutex mutex_;
  Random random_;
  uint64_t taken_ = 0;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
  Sums sums_;
};

int tell_many(const Wishes& wishes) {
  const auto began = std::chrono::steady_clock::now();
  const Sums sums = Telling(wishes).tell_all();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  print(fmt::format(
      "{} stories, {} with problems: {} runs, {} crashes, {} requests, {} rows written; {:.1f} s, "
      "{:.1f} stories/s\n",
      sums.stories, sums.bad, sums.runs, sums.crashes, sums.requests, sums.rows_written, seconds,
      static_cast<double>(sums.stories) / seconds));
  if (wishes.owners)
    print(fmt::format("{} edits of others came between our reading and our writing\n", sums.lost_in_window));
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
  app.add_flag("--owners", wishes.owners,
               "stories of syncs that read before they write, among other writers");
  app.add_flag("--story", wishes.with_story, "print every story, not only those that end badly");
  app.add_flag("--twice", wishes.twice, "tell each one twice, and compare");
  app.add_option("--jobs", wishes.jobs, "stories at a time (as many as the machine has cores)");
  CLI11_PARSE(app, argc, argv);
  return penstock::sim::tell_many(wishes);
}
