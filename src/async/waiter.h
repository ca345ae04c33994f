// Suspended coroutines in lists, without allocation: the links lie in the awaiters, which lie in the
// coroutines' frames. When a frame is destroyed its links leave their lists by themselves; when a list is
// destroyed it lets go of its links. So tasks, and what they wait for, may go in any order.
#pragma once

#include <coroutine>

namespace penstock {

// A place in at most one list of its Kind. Not copyable, not movable. Not thread-safe.
template <class Kind>
class Link {
 public:
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unlink(); }

  bool linked() const { return next_ != this; }
  void unlink() {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = this;
  }

 private:
  template <class Node, class K>
  friend class LinkList;

  Link* prev_ = this;
  Link* next_ = this;
};

// A list of Nodes (which derive from Link<Kind>), in order of their coming. Every step is O(1).
template <class Node, class Kind>
class LinkList {
 public:
  LinkList() = default;
  LinkList(const LinkList&) = delete;
  LinkList& operator=(const LinkList&) = delete;
  ~LinkList() {
    while (!empty()) head_.next_->unlink();
  }

  bool empty() const { return !head_.linked(); }
  Node& front() { return static_cast<Node&>(*head_.next_); }

  // Takes `node` out of the list that it is in, if any, and puts it at the end of this one.
  void push_back(Link<Kind>& node) {
    node.unlink();
    node.prev_ = head_.prev_;
    node.next_ = &head_;
    head_.prev_->next_ = &node;
    head_.prev_ = &node;
  }

  // Moves all of `other` to the end of this list.
  void splice(LinkList& other) {
    if (other.empty()) return;
    Link<Kind>& theirs = other.head_;
    theirs.next_->prev_ = head_.prev_;
    theirs.prev_->next_ = &head_;
    head_.prev_->next_ = theirs.next_;
    head_.prev_ = theirs.prev_;
    theirs.prev_ = theirs.next_ = &theirs;
  }

 private:
  Link<Kind> head_;
};

// A suspended coroutine in one list: of those who wait for something, or of those that are ready to go on.
struct Waiter : Link<Waiter> {
  std::coroutine_handle<> frame;
};
using WaitList = LinkList<Waiter, Waiter>;

}  // namespace penstock
