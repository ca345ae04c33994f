// The cheapest server that can stand for a CRM: takes batches of a hundred rows, keeps nothing, and answers
// each as HubSpot does when all rows were accepted. What is measured against it is the client.
//
//     sink [--record FILE]
//
// Prints its URL, then serves until it is ended. FILE gets each request as it came, head and body, behind a
// line with its size in bytes.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

namespace {

constexpr int kRows = 100;

std::string reply() {
  std::string body = R"({"status":"COMPLETE","results":[)";
  for (int row = 0; row < kRows; ++row)
    body += fmt::format(
        R"({}{{"id":"{}","properties":{{}},"createdAt":"2026-11-25T00:00:00.000Z",)"
        R"("updatedAt":"2026-11-25T00:00:00.000Z","archived":false,"new":false,"objectWriteTraceId":"{}"}})",
        row > 0 ? "," : "", 10001 + row, row);
  body += R"(],"startedAt":"2026-11-25T00:00:00.000Z","completedAt":"2026-11-25T00:00:00.000Z"})";
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

// The size of the request at the beginning of `text`; 0 when it is not all there.
size_t request_size(std::string_view text) {
  const size_t end = text.find("\r\n\r\n");
  if (end == text.npos) return 0;
  size_t body = 0;
  const std::string head(text.substr(0, end));
  if (const char* length = ::strcasestr(head.c_str(), "\r\nContent-Length:"))
    body = std::strtoul(length + std::strlen("\r\nContent-Length:"), nullptr, 10);
  const size_t size = end + 4 + body;
  return text.size() < size ? 0 : size;
}

class Sink {
 public:
  explicit Sink(const char* record) : record_(record == nullptr ? nullptr : std::fopen(record, "wb")) {}

  int serve() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 1024) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::perror("sink");
      return 1;
    }
    watch(listener);
    fmt::print("http://127.0.0.1:{}\n", ntohs(address.sin_port));
    std::fflush(stdout);
    for (;;) {
      epoll_event events[64];
      const int count = ::epoll_wait(epoll_, events, 64, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listener)
          watch(::accept(listener, nullptr, nullptr));
        else
          read_from(events[i].data.fd);
      }
    }
  }

 private:
  void watch(int socket) {
    if (socket < 0) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }

  void read_from(int socket) {
    std::string& pending = pending_[socket];
    const ssize_t size = ::recv(socket, buffer_, sizeof buffer_, 0);
    if (size <= 0) {
      ::close(socket);
      pending_.erase(socket);
      return;
    }
    pending.append(buffer_, static_cast<size_t>(size));
    while (const size_t request = request_size(pending)) {
      record(std::string_view(pending).substr(0, request));
      pending.erase(0, request);
      // A reply fits into the socket's buffer: the client reads one before it sends the next request.
      if (::send(socket, reply_.data(), reply_.size(), MSG_NOSIGNAL) < 0) return;
    }
  }

  void record(std::string_view request) {
    if (record_ == nullptr) return;
    fmt::print(record_, "{}\n", request.size());
    std::fwrite(request.data(), 1, request.size(), record_);
    std::fflush(record_);
  }

  const int epoll_ = ::epoll_create1(0);
  std::FILE* record_;
  const std::string reply_ = reply();
  std::map<int, std::string> pending_;
  char buffer_[256 << 10];
};

}  // namespace

int main(int argc, char** argv) {
  static Sink sink(argc == 3 && std::strcmp(argv[1], "--record") == 0 ? argv[2] : nullptr);
  return sink.serve();
}
