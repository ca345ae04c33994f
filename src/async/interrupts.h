// Ctrl-C and `kill` as calls on the loop's thread.
#pragma once

#include <functional>

#include "async/real_loop.h"

namespace penstock {

struct Interrupt {
  int signal = 0;  // SIGINT or SIGTERM
  int nth = 0;     // 1 for the first since watching began: stop in good order; 2 and more: stop now
};

// While it lives, SIGINT and SIGTERM call `on_interrupt` on the loop's thread (while the loop runs) instead
// of ending the process; afterwards they are handled as before. One at a time in a process. Loop thread only;
// it must not be destroyed from inside its own call.
class InterruptWatch {
 public:
  InterruptWatch(RealLoop& loop, std::function<void(Interrupt)> on_interrupt);
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
  ~InterruptWatch();

 private:
  void read_signals();

  RealLoop& loop_;
  std::function<void(Interrupt)> on_interrupt_;
  int seen_ = 0;
};

}  // namespace penstock
