// Randomness as a seam: everything random is drawn from a Random that was handed in, so that a seed
// repeats a run.
#pragma once

#include <cstdint>

namespace penstock {

// xoshiro256** seeded by splitmix64 (prng.di.unimi.it, 2018). Not thread-safe, not for secrets.
class Random {
 public:
  explicit Random(uint64_t seed);
  // Seeded from the operating system.
  static Random from_system();

  uint64_t next();
  // Uniform in [0, bound); 0 for bound 0.
  uint64_t below(uint64_t bound);
  // Uniform in [0, 1).
  double fraction();
  bool chance(double probability) { return fraction() < probability; }

 private:
  uint64_t state_[4];
};

}  // namespace penstock
