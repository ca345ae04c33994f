#include "deliver/concurrency.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr double kFirst = 4, kMost = 1000;
// Answers that take so many times the fastest are held up by our own number.
constexpr int64_t kSlowTimes = 2;
constexpr Duration kSlowLeast = 20ms;  // what a network wavers by
constexpr Duration kForgetFastest = 1min;

}  // namespace

Concurrency::Concurrency(uint32_t learned)
    : cap_(learned > 0 ? std::min<double>(learned, kMost) : kFirst), ceiling_(learned) {}

void Concurrency::answered(Instant begun, Instant now, uint64_t in_flight) {
  refusals_ = 0;
  const Duration took = now - begun;
  if (fastest_ == Duration(0) || took <= fastest_ || now - fastest_since_ > kForgetFastest) {
    fastest_ = took;
    fastest_since_ = now;
  }
  usual_ = usual_ == Duration(0) ? took : (usual_ * 7 + took) / 8;
  if (usual_ > fastest_ * kSlowTimes && usual_ > fastest_ + kSlowLeast) {
    if (begun > decreased_) decrease(0.9, now);
    return;
  }
  // Only a number that was made use of has proved good.
  if (static_cast<double>(in_flight) + 1 < cap_) return;
  const bool is_near = ceiling_ > 0 && cap_ + 1 >= ceiling_;
  const bool is_new = ceiling_ == 0;
  cap_ = std::min(kMost, cap_ + (is_new ? 1 : is_near ? 0.1 / cap_ : 1 / cap_));
}

void Concurrency::refused(Instant begun, Instant now) {
  // Those that were begun before the last decrease tell nothing new.
  if (begun <= decreased_) return;
  ++refusals_;
  ceiling_ = static_cast<double>(allowed());
  decrease(refusals_ > 1 ? 0.5 : 0.9, now);
}

void Concurrency::decrease(double factor, Instant now) {
  cap_ = std::max(1.0, std::min(cap_ * factor, cap_ - 0.5));
  decreased_ = now;
  settled_ = true;
  if (ceiling_ == 0) ceiling_ = cap_;
  // Answers that were under way at the higher number say nothing of this one.
  usual_ = Duration(0);
}

}  // namespace penstock
