// The client against everything that goes wrong: what it says, and whether the request may have arrived.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstdlib>

#include "net/client_fixture_test.h"
#include "net/gzip.h"
#include "net/http_server.h"
#include "net/raw_server_test.h"

namespace penstock {
namespace {

std::string unused_address() {
  const ListenSocket socket = *listen_on("127.0.0.1:0");
  close(socket.fd);
  return socket.url;
}

std::unique_ptr<HttpServer> serve(Fault fault, std::string body = "0123456789") {
  return *HttpServer::start({},
                            [=](const ServerRequest&) { return ServerReply{.body = body, .fault = fault}; });
}

class HttpFailureTest : public HttpClientTest {
 protected:
  HttpOutcome post_with(std::string url, Timeouts timeouts) {
    return send({.method = "POST", .url = std::move(url), .body = "x", .timeouts = timeouts});
  }
  static void expect(const HttpOutcome& outcome, std::string_view message, bool may_have_arrived) {
    ASSERT_FALSE(outcome.replied()) << text_of(outcome);
    EXPECT_NE(text_of(outcome).find(message), std::string::npos) << text_of(outcome);
    EXPECT_EQ(outcome.failure().may_have_arrived, may_have_arrived) << text_of(outcome);
    EXPECT_FALSE(outcome.failure().error.remedy.empty());
  }
};

TEST_F(HttpFailureTest, refused) {
  const std::string url = unused_address();
  const HttpOutcome outcome = post(url + "/secret?token=1", "x");
  expect(outcome, "cannot connect to " + url.substr(7) + ": connection refused", false);
  EXPECT_EQ(text_of(outcome).find("secret"), std::string::npos);
  EXPECT_EQ(outcome.failure().error.kind, ErrorKind::transient);
}

TEST_F(HttpFailureTest, a_name_that_does_not_resolve) {
  expect(post("http://no-such-host.invalid/", "x"), "no-such-host.invalid", false);
}

// A listening socket whose queue is full lets a connection hang.
TEST_F(HttpFailureTest, a_connection_that_is_not_made_in_time) {
  const ListenSocket socket = *listen_on("127.0.0.1:0");
  listen(socket.fd, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(socket.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<int> queued;
  for (int i = 0; i < 4; ++i) {
    queued.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    (void)connect(queued.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  expect(post_with(socket.url, {.connect = 40ms}),
         "cannot connect to " + socket.url.substr(7) + " within 40 ms", false);
  for (const int fd : queued) close(fd);
  close(socket.fd);
}

TEST_F(HttpFailureTest, reset_before_the_reply) {
  const auto server = serve(Fault::reset);
  expect(post(server->url(), "x"), "closed the connection without a reply", true);
}

TEST_F(HttpFailureTest, closed_before_the_reply) {
  RawServer server([](int fd, int) { read_request(fd); });
  expect(post(server.url(), "x"), "closed the connection without a reply", true);
}

TEST_F(HttpFailureTest, broken_off_in_the_middle_of_the_reply) {
  const auto server = serve(Fault::partial);
  expect(post(server->url(), "x"), "broke in the middle of a reply (status 200, 5 bytes", true);
}

TEST_F(HttpFailureTest, broken_off_in_the_headers) {
  RawServer server([](int fd, int) {
    read_request(fd);
    write_all(fd, "HTTP/1.1 200 OK\r\nContent-Le");
  });
  expect(post(server.url(), "x"), "broke in the middle of a reply (status 200, 0 bytes", true);
}

TEST_F(HttpFailureTest, no_reply_in_time) {
  const auto server = serve(Fault::stall);
  const HttpOutcome outcome = post_with(server->url(), {.first_byte = 30ms});
  expect(outcome, "did not begin to reply within 30 ms", true);
  EXPECT_GE(outcome.failure().finished - outcome.failure().started, 30ms);
  expect(post_with(server->url(), {.total = 100ms}), "did not finish its reply within 100 ms", true);
}

TEST_F(HttpFailureTest, a_large_body_that_is_not_taken_in_time) {
  RawServer server([](int fd, int nth) {
    char part[4096];
    if (nth == 0) [[maybe_unused]]
      const ssize_t got = read(fd, part, sizeof part);
    pollfd gone{fd, POLLRDHUP, 0};
    poll(&gone, 1, -1);
  });
  const HttpOutcome outcome = send({.method = "POST",
                                    .url = server.url(),
                                    .body = std::string(32 << 20, 'x'),
                                    .timeouts = {.first_byte = 40ms}});
  expect(outcome, "did not begin to reply within 40 ms", true);
}

TEST_F(HttpFailureTest, a_reply_that_begins_in_time_may_take_longer_than_the_first_byte) {
  RawServer server([](int fd, int) {
    read_request(fd);
    write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    for (const char* part : {"a", "b", "c", "d"}) {
      write_all(fd, part);
      pollfd none{-1, 0, 0};
      poll(&none, 1, 60);
    }
  });
  EXPECT_EQ(text_of(post_with(server.url(), {.first_byte = 150ms})), "status 200");
}

TEST_F(HttpFailureTest, a_reply_that_is_too_large_is_not_cut_off) {
  const auto server = serve(Fault::none, std::string(100'000, 'x'));
  const auto send_with = [&](size_t limit) {
    return send({.method = "POST", .url = server->url(), .reply_bytes_max = limit});
  };
  const HttpOutcome outcome = send_with(99'999);
  expect(outcome, "is larger than 99999 bytes", true);
  EXPECT_EQ(outcome.failure().error.kind, ErrorKind::rejected);
  EXPECT_EQ(text_of(send_with(100'000)), "status 200");
}

TEST_F(HttpFailureTest, a_compressed_reply_is_measured_unpacked) {
  const auto server = HttpServer::start({}, [](const ServerRequest&) {
    return ServerReply{.headers = {{"Content-Encoding", "gzip"}}, .body = gzip(std::string(50 << 20, '0'))};
  });
  const HttpOutcome outcome = send({.method = "POST", .url = (*server)->url(), .reply_bytes_max = 1 << 20});
  expect(outcome, "is larger than 1048576 bytes", true);
}

TEST_F(HttpFailureTest, a_compressed_reply_that_is_broken) {
  const auto server = HttpServer::start({}, [](const ServerRequest&) {
    return ServerReply{.headers = {{"Content-Encoding", "gzip"}}, .body = "not gzip at all"};
  });
  expect(post((*server)->url(), "x"), "gave a reply that cannot be read", true);
}

TEST_F(HttpFailureTest, endless_headers) {
  RawServer server([](int fd, int) {
    read_request(fd);
    std::string headers = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 20'000; ++i) headers += "X-Header-" + std::to_string(i) + ": something\r\n";
    write_all(fd, headers);
  });
  const HttpOutcome outcome = post(server.url(), "x");
  ASSERT_FALSE(outcome.replied());
  EXPECT_NE(text_of(outcome).find("headers"), std::string::npos) << text_of(outcome);
}

TEST_F(HttpFailureTest, a_reply_that_is_not_http) {
  const auto server = serve(Fault::garbage);
  expect(post(server->url(), "x"), "gave a reply that cannot be read", true);
}

// libcurl by itself would write the request again to a new connection: twice, for all it knows.
TEST_F(HttpFailureTest, a_write_on_a_kept_connection_is_not_sent_twice) {
  std::atomic<int> requests = 0;
  RawServer server([&](int fd, int nth) {
    for (int i = 0; !read_request(fd).empty(); ++i) {
      ++requests;
      if (nth == 0 && i == 1) return;  // done, as it were, but the reply is lost
      write_all(fd, kOkReply);
    }
  });
  EXPECT_EQ(text_of(post(server.url(), "1")), "status 200");
  expect(post(server.url(), "2"), "closed the connection without a reply", true);
  EXPECT_EQ(requests, 2);
  EXPECT_EQ(text_of(post(server.url(), "3")), "status 200");
}

TEST_F(HttpFailureTest, a_read_on_a_kept_connection_may_be_sent_again) {
  RawServer server([&](int fd, int nth) {
    for (int i = 0; !read_request(fd).empty(); ++i) {
      if (nth == 0 && i == 1) return;
      write_all(fd, kOkReply);
    }
  });
  EXPECT_EQ(text_of(get(server.url())), "status 200");
  EXPECT_EQ(text_of(get(server.url())), "status 200");
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpFailureTest, tls_with_a_server_that_speaks_none) {
  const auto server = serve(Fault::none);
  std::string url = server->url();
  url.replace(0, 4, "https");
  expect(post(url, "x"), "cannot agree with", false);
}

TEST_F(HttpFailureTest, a_tls_handshake_that_is_not_answered) {
  RawServer server([](int fd, int) { wait_for_close(fd); });
  std::string url = server.url();
  url.replace(0, 4, "https");
  expect(post_with(url, {.connect = 40ms}), "cannot connect to", false);
}

class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~EnvironmentVariable() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST_F(HttpFailureTest, a_proxy_that_is_not_there) {
  const EnvironmentVariable proxy("https_proxy", unused_address());
  expect(post("https://api.example.com/", "x"),
         "cannot reach api.example.com: cannot connect to the proxy 127.0.0.1: connection refused", false);
}

TEST_F(HttpFailureTest, a_proxy_that_refuses_to_connect) {
  RawServer server([](int fd, int) {
    read_request(fd);
    write_all(fd, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  });
  const EnvironmentVariable proxy("https_proxy", server.url());
  expect(post("https://api.example.com/", "x"), "api.example.com", false);
}

TEST_F(HttpFailureTest, goes_through_a_proxy) {
  RawServer server([](int fd, int) {
    const std::string request = read_request(fd);
    write_all(fd, request.starts_with("POST http://api.example.com/x HTTP/1.1") ? kOkReply : "");
  });
  const EnvironmentVariable proxy("http_proxy", server.url());
  EXPECT_EQ(text_of(post("http://api.example.com/x", "x")), "status 200");
}

TEST_F(HttpFailureTest, what_cannot_be_sent) {
  const std::string url = unused_address();
  const std::vector<HttpRequest> requests = {
      {.method = "", .url = url},
      {.method = "GET /x", .url = url},
      {.url = url + "/a b"},
      {.url = url + "/\r\nX: y"},
      {.url = url, .headers = {{"X-Name", "a\r\nInjected: 1"}}},
      {.url = url, .headers = {{"X Name", "a"}}},
      {.url = url, .headers = {{"", "a"}}},
      {.url = url, .headers = {{"X", std::string("a\0b", 3)}}},
      {.url = "ftp://127.0.0.1/"},
      {.url = "no url"},
      {.url = ""},
      {.url = "http://"},
  };
  for (const HttpRequest& request : requests) {
    const HttpOutcome outcome = send(request);
    ASSERT_FALSE(outcome.replied());
    EXPECT_EQ(outcome.failure().error.kind, ErrorKind::config) << request.url << ": " << text_of(outcome);
    EXPECT_FALSE(outcome.failure().may_have_arrived);
  }
}

}  // namespace
}  // namespace penstock
