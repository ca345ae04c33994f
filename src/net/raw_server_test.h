// A TCP server whose every byte a test decides, for what an HTTP server would not do.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "net/listen_socket.h"

namespace penstock {

class RawServer {
 public:
  // `serve(fd, nth)` has each connection to itself, one after the other (nth: 0, 1, ...); it is closed after.
  explicit RawServer(std::function<void(int fd, int nth)> serve)
      : socket_(*listen_on("127.0.0.1:0")), serve_(std::move(serve)), thread_([this] { run(); }) {}
  ~RawServer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      shutdown(socket_.fd, SHUT_RDWR);
      if (serving_ >= 0) shutdown(serving_, SHUT_RDWR);  // a client may keep its connection longer than this
    }
    thread_.join();
    close(socket_.fd);
  }

  std::string url() const { return socket_.url; }
  int connections() const { return connections_; }

 private:
  void run() {
    while (!stopping_) {
      pollfd ready{socket_.fd, POLLIN, 0};
      poll(&ready, 1, -1);
      const int fd = accept4(socket_.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0 || !set_serving(fd)) continue;
      serve_(fd, connections_++);
      set_serving(-1);
      close(fd);
    }
  }

  bool set_serving(int fd) {
    const std::lock_guard lock(mutex_);
    serving_ = fd;
    return !stopping_;
  }

  ListenSocket socket_;
  std::mutex mutex_;
  int serving_ = -1;
  std::function<void(int, int)> serve_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

// One request with its body (by Content-Length); empty when the client has closed.
inline std::string read_request(int fd) {
  std::string text;
  size_t missing = 1;
  while (missing > 0) {
    char bytes[4096];
    const ssize_t count = read(fd, bytes, sizeof bytes);
    if (count <= 0) return {};
    text.append(bytes, static_cast<size_t>(count));
    const size_t end = text.find("\r\n\r\n");
    if (end == text.npos) continue;
    const size_t length = text.find("Content-Length: ");
    const size_t body = length == text.npos ? 0 : std::stoul(text.substr(length + 16));
    missing = end + 4 + body - text.size();
  }
  return text;
}

inline void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    text.remove_prefix(static_cast<size_t>(count));
  }
}

inline constexpr std::string_view kOkReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Keeps the connection open, silent, until the client goes.
inline void wait_for_close(int fd) {
  char byte;
  while (read(fd, &byte, 1) > 0) {
  }
}

}  // namespace penstock
