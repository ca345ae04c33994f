#include "async/interrupts.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace penstock {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM};

// Signal handlers reach nothing but statics. The pipe's ends are -1 while nobody watches.
std::array<int, 2> pipe_ends = {-1, -1};
std::array<struct sigaction, kSignals.size()> handled_before;

void on_signal(int signal) {
  const int kept_errno = errno;
  const char byte = static_cast<char>(signal);
  // A full pipe already holds more interrupts than anyone counts.
  [[maybe_unused]] const ssize_t written = write(pipe_ends[1], &byte, 1);
  errno = kept_errno;
}

}  // namespace

InterruptWatch::InterruptWatch(RealLoop& loop, std::function<void(Interrupt)> on_interrupt)
    : loop_(loop), on_interrupt_(std::move(on_interrupt)) {
  check(pipe_ends[0] < 0, "interrupts are watched twice");
  check(pipe2(pipe_ends.data(), O_CLOEXEC | O_NONBLOCK) == 0, "no pipe for interrupts");
  loop_.watch(pipe_ends[0], EPOLLIN, [this](uint32_t) { read_signals(); });
  struct sigaction action = {};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &handled_before[i]);
}

InterruptWatch::~InterruptWatch() {
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &handled_before[i], nullptr);
  loop_.unwatch(pipe_ends[0]);
  for (int& end : pipe_ends) close(std::exchange(end, -1));
}

void InterruptWatch::read_signals() {
  char byte;
  while (read(pipe_ends[0], &byte, 1) == 1) on_interrupt_({byte, ++seen_});
}

}  // namespace penstock
