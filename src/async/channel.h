// Channel<T>: a bounded queue between tasks of one loop; how back-pressure travels up the pipe.
#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/waiter.h"

namespace penstock {

// Items leave in the order in which they came; who waits longest is served first. A task that is destroyed
// while it waits neither loses an item nor takes one. Close a channel before it goes while tasks may be
// waiting in it: those that were woken see it closed, those that were not wait until they are destroyed.
// Loop thread only.
template <class T>
class Channel {
 public:
  Channel(Loop& loop, size_t capacity) : loop_(loop), ring_(capacity) {
    check(capacity > 0, "a channel needs room for one item");
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  class Push;
  class Pop;
  // co_await channel.push(item): waits while the channel is full. False: it is closed, the item is dropped.
  Push push(T item) { return Push(*this, std::move(item)); }
  // co_await channel.pop(): waits for an item. Empty: the channel is closed and drained.
  Pop pop() { return Pop(*this); }

  // No more items; those inside can still be popped. Who waits to push gets false.
  void close();
  bool closed() const { return closed_; }
  size_t size() const { return size_; }
  size_t capacity() const { return ring_.size(); }

 private:
  struct Woken;

  bool full() const { return size_ == ring_.size(); }
  // An item that no woken popper has been promised.
  bool has_free_item() const { return size_ > promised_; }
  void put(T item);
  T take();
  void promise_items();

  Loop& loop_;
  std::vector<std::optional<T>> ring_;
  size_t first_ = 0;
  size_t size_ = 0;
  // Items stay in the ring until the popper that was woken for one has really resumed: destroyed before
  // that, its item goes to the next.
  size_t promised_ = 0;
  bool closed_ = false;
  WaitList pushers_;
  WaitList poppers_;
  LinkList<Link<Woken>, Woken> woken_;  // poppers that have not resumed yet
};

template <class T>
class Channel<T>::Push : Waiter {
 public:
  Push(Channel& channel, T item) : channel_(channel), item_(std::move(item)) {}
  bool await_ready() {
    if (channel_.closed_ || channel_.full()) return channel_.closed_;
    accept();
    return true;
  }
  void await_suspend(std::coroutine_handle<> waiting) {
    frame = waiting;
    channel_.pushers_.push_back(*this);
  }
  bool await_resume() const { return accepted_; }

 private:
  friend Channel;
  void accept() {
    channel_.put(*std::exchange(item_, std::nullopt));
    accepted_ = true;
  }
  Channel& channel_;
  std::optional<T> item_;
  bool accepted_ = false;
};

template <class T>
class Channel<T>::Pop : Waiter, Link<Woken> {
 public:
  explicit Pop(Channel& channel) : channel_(channel) {}
  ~Pop() {
    if (!woken().linked() || !promised_) return;
    --channel_.promised_;
    channel_.promise_items();
  }
  bool await_ready() const { return channel_.has_free_item() || channel_.closed_; }
  void await_suspend(std::coroutine_handle<> waiting) {
    frame = waiting;
    channel_.poppers_.push_back(*this);
    suspended_ = true;
  }
  std::optional<T> await_resume() {
    if (suspended_ && !woken().linked()) return std::nullopt;  // the channel is gone
    woken().unlink();
    if (promised_) {
      --channel_.promised_;
    } else if (!channel_.has_free_item()) {
      return std::nullopt;
    }
    return channel_.take();
  }

 private:
  friend Channel;
  Link<Woken>& woken() { return *this; }
  void wake() {
    channel_.woken_.push_back(woken());
    channel_.loop_.make_ready(*this);
  }
  Channel& channel_;
  bool suspended_ = false;
  bool promised_ = false;
};

template <class T>
void Channel<T>::put(T item) {
  ring_[(first_ + size_++) % ring_.size()] = std::move(item);
  promise_items();
}

template <class T>
T Channel<T>::take() {
  T item = *std::exchange(ring_[first_], std::nullopt);
  first_ = (first_ + 1) % ring_.size();
  --size_;
  if (!pushers_.empty()) {
    Push& pusher = static_cast<Push&>(pushers_.front());
    pusher.accept();
    loop_.make_ready(pusher);
  }
  return item;
}

template <class T>
void Channel<T>::promise_items() {
  while (has_free_item() && !poppers_.empty()) {
    Pop& popper = static_cast<Pop&>(poppers_.front());
    popper.promised_ = true;
    ++promised_;
    popper.wake();
  }
}

template <class T>
void Channel<T>::close() {
  closed_ = true;
  loop_.make_all_ready(pushers_);
  while (!poppers_.empty()) static_cast<Pop&>(poppers_.front()).wake();
}

}  // namespace penstock
