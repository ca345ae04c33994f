// What comes over the wire to `penstock serve`: whatever bytes a client sends to the whole service (a
// project, its queue, users, pages and API), it answers with HTTP or closes the connection, and never with a
// fault of its own.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "async/real_loop.h"
#include "base/disk.h"
#include "config/starter.h"
#include "server/server.h"

namespace penstock {
namespace {

class NoNetwork final : public HttpClient {
 public:
  Task<HttpOutcome> send(HttpRequest) override {
    co_return TransportFailure{.error = {ErrorKind::transient, "there is no network here", ""},
                               .may_have_arrived = false};
  }
};

class NoMail final : public alert::MailSender {
 public:
  Task<alert::MailOutcome> send(alert::MailServer, alert::Mail) override {
    co_return alert::MailOutcome{.error = Error{ErrorKind::transient, "there is no network here", ""}};
  }
};

template <class T>
T given(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::abort();
  }
  return *std::move(result);
}

// The starter's project, served on a thread of its own. Made once, and never ended: so nothing goes before
// its users.
class Served {
 public:
  Served() {
    char name[] = "/tmp/penstock-fuzz-XXXXXX";
    if (::mkdtemp(name) == nullptr) std::abort();
    directory_ = name;
    given(config::write_starter(real_disk(), directory_));
    ::setenv("HUBSPOT_TOKEN", "x", 1);
    declare::Diagnostics problems;
    service_ = given(service::Service::open({loop_, real_disk(), client_, random_},
                                            {.directory = directory_, .worker = {.name = "fuzz"}}, problems));
    access_ = given(access::Access::open(directory_ + "/access.db", real_clock()));
    server::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.version = "fuzz";
    options.threads = 2;
    server_ = given(server::Server::start({.loop = loop_,
                                           .client = client_,
                                           .service = *service_,
                                           .access = *access_,
                                           .mail = mail_,
                                           .metrics = [] { return std::string("# none\n"); },
                                           .on_request = {}},
                                          std::move(options)));
    const std::string url = server_->url();
    port_ = static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    std::thread([this] { loop_.run(service_->run()); }).detach();
  }

  // What came back of it, as far as it is there within half a second.
  std::string send(std::string_view request) const {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 0, .tv_usec = 500'000};
    (void)::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{.sin_family = AF_INET,
                   .sin_port = htons(port_),
                   .sin_addr = {htonl(INADDR_LOOPBACK)},
                   .sin_zero = {}};
    if (socket < 0 || ::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) std::abort();
    (void)::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    (void)::shutdown(socket, SHUT_WR);
    std::string answer;
    char piece[4096];
    for (ssize_t got; answer.size() < 4096 && (got = ::recv(socket, piece, sizeof piece, 0)) > 0;)
      answer.append(piece, static_cast<size_t>(got));
    ::close(socket);
    return answer;
  }

  // A user who was added would shut the door to all that comes after.
  void forget_users() {
    auto users = access_->users();
    if (!users.ok()) return;
    for (const auto& user : *users)
      (void)access_->remove_user({.name = "fuzz"}, user.name, access::Access::LastUser::may_go);
  }

 private:
  std::string directory_;
  RealLoop loop_{8};
  NoNetwork client_;
  NoMail mail_;
  Random random_{1};
  std::unique_ptr<service::Service> service_;
  std::unique_ptr<access::Access> access_;
  std::unique_ptr<server::Server> server_;
  uint16_t port_ = 0;
};

void try_request(Served& served, std::string_view request) {
  const std::string answer = served.send(request);
  const bool is_http = answer.empty() || answer.starts_with("HTTP/1.");
  const bool is_fault = answer.size() > 12 && answer.substr(9, 3) == "500";
  if (is_http && !is_fault) return served.forget_users();
  std::fprintf(stderr, "answered with: %s\n", answer.c_str());
  std::abort();
}

}  // namespace
}  // namespace penstock

// What goes on beside a request is pointed to by memory of DuckDB's own allocator, and looks lost.
extern "C" int __lsan_is_turned_off() {
  return 1;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* served = new penstock::Served;
  penstock::try_request(*served, {reinterpret_cast<const char*>(data), size});
  return 0;
}
