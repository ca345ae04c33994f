#include "async/real_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "async/interrupts.h"
#include "async/sync.h"

namespace penstock {
namespace {

Task<void> wait_for_event(Event& event) {
  co_await event.wait();
}

class SocketPair {
 public:
  SocketPair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0); }
  ~SocketPair() {
    for (const int end : ends_) close(end);
  }
  int left() const { return ends_[0]; }
  int right() const { return ends_[1]; }

 private:
  std::array<int, 2> ends_;
};

TEST(RealLoop, watches_a_descriptor_until_unwatched) {
  RealLoop loop;
  SocketPair pair;
  Event done(loop);
  std::string got;
  loop.watch(pair.left(), EPOLLIN, [&](uint32_t events) {
    EXPECT_TRUE(events & EPOLLIN);
    char byte;
    while (read(pair.left(), &byte, 1) == 1) got.push_back(byte);
    if (got.size() < 3) {
      EXPECT_EQ(write(pair.right(), "x", 1), 1);
    } else {
      loop.unwatch(pair.left());  // from inside its own callback
      done.set();
    }
  });
  EXPECT_EQ(write(pair.right(), "x", 1), 1);
  loop.run(wait_for_event(done));
  EXPECT_EQ(got, "xxx");
}

TEST(RealLoop, changes_what_it_watches_for) {
  RealLoop loop;
  SocketPair pair;
  Event writable(loop);
  loop.watch(pair.left(), EPOLLIN, [&](uint32_t events) {
    EXPECT_EQ(events, static_cast<uint32_t>(EPOLLOUT));
    writable.set();
    loop.unwatch(pair.left());
  });
  loop.change_events(pair.left(), EPOLLOUT);
  loop.run(wait_for_event(writable));
}

TEST(RealLoop, an_fd_unwatched_by_anothers_callback_is_not_called_any_more) {
  RealLoop loop;
  SocketPair one;
  SocketPair other;
  Event done(loop);
  int calls = 0;
  const auto watch = [&](int mine, int others) {
    loop.watch(mine, EPOLLIN, [&loop, &calls, &done, others](uint32_t) {
      ++calls;
      loop.unwatch(others);
      done.set();
    });
  };
  watch(one.left(), other.left());
  watch(other.left(), one.left());
  EXPECT_EQ(write(one.right(), "x", 1), 1);
  EXPECT_EQ(write(other.right(), "x", 1), 1);
  loop.run(wait_for_event(done));
  EXPECT_EQ(calls, 1);
}

TEST(RealLoop, survives_an_fd_that_was_closed_and_whose_number_is_used_again) {
  RealLoop loop;
  Event done(loop);
  SocketPair keep;
  const int first = dup(keep.left());
  loop.watch(first, EPOLLIN, [](uint32_t) { FAIL() << "the former owner is called"; });
  close(first);
  SocketPair pair;
  ASSERT_EQ(pair.left(), first);
  loop.watch(first, EPOLLIN, [&](uint32_t) {
    done.set();
    loop.unwatch(first);
  });
  EXPECT_EQ(write(pair.right(), "x", 1), 1);
  loop.run(wait_for_event(done));
}

TEST(InterruptWatch, tells_the_first_from_the_second_and_puts_back_the_old_handling) {
  struct sigaction before = {};
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGTERM, &ignore, &before), 0);
  RealLoop loop;
  Event twice(loop);
  std::vector<std::pair<int, int>> seen;
  {
    const InterruptWatch watch(loop, [&](Interrupt interrupt) {
      seen.emplace_back(interrupt.signal, interrupt.nth);
      if (interrupt.nth == 1) raise(SIGTERM);
      if (interrupt.nth == 2) twice.set();
    });
    raise(SIGINT);
    loop.run(wait_for_event(twice));
  }
  EXPECT_EQ(seen, (std::vector<std::pair<int, int>>{{SIGINT, 1}, {SIGTERM, 2}}));
  struct sigaction after = {};
  ASSERT_EQ(sigaction(SIGTERM, &before, &after), 0);
  EXPECT_EQ(after.sa_handler, SIG_IGN);
  const InterruptWatch again(loop, [](Interrupt) {});
}

TEST(InterruptWatchDeathTest, afterwards_an_interrupt_ends_the_process_again) {
  EXPECT_EXIT(
      {
        RealLoop loop;
        {
          const InterruptWatch watch(loop, [](Interrupt) {});
        }
        raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace penstock
