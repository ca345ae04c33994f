#include "async/timers.h"

namespace penstock {

void Timer::cancel() {
  if (heap_) heap_->remove(*this);
}

TimerHeap::~TimerHeap() {
  for (Entry& entry : entries_) entry.timer->heap_ = nullptr;
}

void TimerHeap::set(Timer& timer, Instant at) {
  timer.cancel();
  timer.heap_ = this;
  entries_.emplace_back();
  sift_up(entries_.size() - 1, {at, settings_++, &timer});
}

void TimerHeap::remove(Timer& timer) {
  const size_t hole = timer.position_;
  timer.heap_ = nullptr;
  const Entry last = entries_.back();
  entries_.pop_back();
  if (hole == entries_.size()) return;
  if (hole > 0 && last.before(entries_[(hole - 1) / 2])) {
    sift_up(hole, last);
  } else {
    sift_down(hole, last);
  }
}

std::optional<Instant> TimerHeap::next() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.front().at;
}

void TimerHeap::fire_due(Instant now) {
  const uint64_t set_before = settings_;
  while (!entries_.empty() && entries_.front().at <= now && entries_.front().order < set_before) {
    Timer& timer = *entries_.front().timer;
    remove(timer);
    timer.fire_(timer);
  }
}

void TimerHeap::place(size_t position, Entry entry) {
  entries_[position] = entry;
  entry.timer->position_ = position;
}

void TimerHeap::sift_up(size_t position, Entry entry) {
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (!entry.before(entries_[parent])) break;
    place(position, entries_[parent]);
    position = parent;
  }
  place(position, entry);
}

void TimerHeap::sift_down(size_t position, Entry entry) {
  for (size_t child = 2 * position + 1; child < entries_.size(); child = 2 * position + 1) {
    if (child + 1 < entries_.size() && entries_[child + 1].before(entries_[child])) ++child;
    if (!entries_[child].before(entry)) break;
    place(position, entries_[child]);
    position = child;
  }
  place(position, entry);
}

}  // namespace penstock
