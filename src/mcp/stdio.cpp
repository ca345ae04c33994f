#include "mcp/stdio.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "async/sync.h"
#include "async/task_group.h"
#include "mcp/rpc.h"

namespace penstock::mcp {
namespace {

// Takes what is read apart into lines; of one that is too long only its beginning is kept.
class Lines {
 public:
  template <class Take>
  void add(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      line_.append(piece.substr(0, kMessageBytesMax + 1 - std::min(line_.size(), kMessageBytesMax + 1)));
      if (end == std::string_view::npos) return;
      take(std::exchange(line_, {}));
      bytes.remove_prefix(end + 1);
    }
  }
  std::string rest() { return std::exchange(line_, {}); }

 private:
  std::string line_;
};

// Reads on a thread of its own: standard input may be a file, a pipe or a terminal, and only reading tells
// when there is more. Lines are handed over on the loop's thread.
class Reader {
 public:
  using OnLine = std::function<void(std::string)>;
  Reader(Loop& loop, int in, OnLine on_line, std::function<void()> on_end)
      : loop_(loop),
        in_(in),
        on_line_(std::move(on_line)),
        on_end_(std::move(on_end)),
        wake_(::eventfd(0, EFD_CLOEXEC)) {
    thread_ = std::thread([this] { read(); });
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    const uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
    thread_.join();
    ::close(wake_);
  }

 private:
  void read() {
    Lines lines;
    std::string buffer(64 << 10, '\0');
    while (wait()) {
      const ssize_t got = ::read(in_, buffer.data(), buffer.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) break;
      lines.add(std::string_view(buffer).substr(0, static_cast<size_t>(got)),
                [&](std::string line) { hand(std::move(line)); });
    }
    hand(lines.rest());
    loop_.post(on_end_);
  }
  // Whether there is something to read, and nobody wants us to end.
  bool wait() const {
    pollfd waited[] = {{in_, POLLIN, 0}, {wake_, POLLIN, 0}};
    while (::poll(waited, 2, -1) < 0)
      if (errno != EINTR) return false;
    return (waited[1].revents & POLLIN) == 0;
  }
  void hand(std::string line) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) return;
    loop_.post([on_line = on_line_, line = std::move(line)]() mutable { on_line(std::move(line)); });
  }

  Loop& loop_;
  int in_;
  OnLine on_line_;
  std::function<void()> on_end_;
  int wake_;
  std::thread thread_;
};

class Serving {
 public:
  Serving(Loop& loop, const Mcp& mcp, Interruption& stop, StdioOptions options)
      : loop_(loop), mcp_(mcp), stop_(stop), options_(options), ended_(loop), requests_(loop) {
    peer_.may_run = options.may_run;
    peer_.notify = [this](const std::string& message) { write(message); };
  }

  Task<Result<void>> serve() {
    Interruption::Act act(stop_);
    act.is([this] { end_early(); });
    Reader reader(
        loop_, options_.in, [this](std::string line) { requests_.spawn(answer(std::move(line))); },
        [this] { ended_.set(); });
    co_await ended_.wait();
    co_await requests_.join();
    if (broken_) co_return Error{ErrorKind::disk, "standard output is gone", ""};
    co_return success();
  }

 private:
  Task<void> answer(std::string line) {
    const std::string reply = co_await mcp_.handle(peer_, std::move(line));
    if (!reply.empty()) write(reply);
  }
  void end_early() {
    for (auto& [id, interruption] : peer_.under_way) interruption->interrupt();
    ended_.set();
  }
  void write(const std::string& message) {
    const std::string line = message + "\n";
    for (size_t done = 0; done < line.size() && !broken_;) {
      const ssize_t wrote = ::write(options_.out, line.data() + done, line.size() - done);
      if (wrote > 0) {
        done += static_cast<size_t>(wrote);
      } else if (errno == EAGAIN) {
        pollfd waited = {options_.out, POLLOUT, 0};
        (void)::poll(&waited, 1, -1);
      } else if (errno != EINTR) {
        broken_ = true;
        end_early();
      }
    }
  }

  Loop& loop_;
  const Mcp& mcp_;
  Interruption& stop_;
  StdioOptions options_;
  Peer peer_;
  Event ended_;
  TaskGroup requests_;
  bool broken_ = false;
};

}  // namespace

Task<Result<void>> serve_stdio(RealLoop& loop, const Mcp& mcp, Interruption& stop, StdioOptions options) {
  Serving serving(loop, mcp, stop, options);
  co_return co_await serving.serve();
}

}  // namespace penstock::mcp
