// The client against a server that behaves.
#include "net/curl_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>

#include "net/client_fixture_test.h"
#include "net/gzip.h"
#include "net/http_server.h"
#include "net/raw_server_test.h"

namespace penstock {
namespace {

std::unique_ptr<HttpServer> serve(HttpServer::Handler handler, HttpServerOptions options = {}) {
  Result<std::unique_ptr<HttpServer>> server = HttpServer::start(std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.error().message;
  return *std::move(server);
}

// Everything of the request, in the reply's body.
ServerReply echo(const ServerRequest& request) {
  std::string text = request.method + " " + request.path + " ? " + request.query + "\n";
  for (const auto& [name, value] : request.headers) text.append(name).append(": ").append(value).append("\n");
  return {.headers = {{"Content-Type", "text/plain"}, {"X-Count", "1"}}, .body = text + "\n" + request.body};
}

TEST_F(HttpClientTest, carries_a_request_there_and_a_reply_back) {
  const auto server = serve(&echo);
  const HttpOutcome outcome = send({.method = "POST",
                                    .url = server->url() + "/a%2Fb/./c/..?q=1&r=%20",
                                    .headers = {{"Authorization", "Bearer x"}, {"X-Empty", ""}},
                                    .body = "{\"a\":1}"});
  ASSERT_TRUE(outcome.replied()) << text_of(outcome);
  const HttpReply& reply = outcome.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(*reply.header("x-count"), "1");
  EXPECT_EQ(reply.header("x-missing"), nullptr);
  EXPECT_TRUE(reply.body.starts_with("POST /a%2Fb/./c/.. ? q=1&r=%20\n")) << reply.body;
  EXPECT_NE(reply.body.find("Authorization: Bearer x\n"), std::string::npos);
  EXPECT_NE(reply.body.find("X-Empty: \n"), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find("User-Agent: penstock\n"), std::string::npos);
  EXPECT_NE(reply.body.find("Content-Length: 7\n"), std::string::npos);
  EXPECT_EQ(reply.body.find("Expect"), std::string::npos);
  EXPECT_EQ(reply.body.find("Content-Type"), std::string::npos);
  EXPECT_TRUE(reply.body.ends_with("\n\n{\"a\":1}"));
  EXPECT_GT(reply.latency(), Duration::zero());
}

TEST_F(HttpClientTest, speaks_every_method_with_and_without_a_body) {
  const auto server = serve([](const ServerRequest& request) {
    const std::string* length = request.header("Content-Length");
    return ServerReply{
        .headers = {{"X-Saw", request.method + " " + (length ? *length : "-") + " [" + request.body + "]"}},
        .body = "body"};
  });
  // In this order, so that each handle is used for one method after another.
  const std::vector<std::array<std::string, 4>> cases = {
      {"POST", "abc", "POST 3 [abc]", "body"}, {"GET", "", "GET - []", "body"},
      {"PUT", "ab", "PUT 2 [ab]", "body"},     {"HEAD", "", "HEAD - []", ""},
      {"POST", "", "POST 0 []", "body"},       {"DELETE", "", "DELETE - []", "body"},
      {"PATCH", "x", "PATCH 1 [x]", "body"},   {"DELETE", "y", "DELETE 1 [y]", "body"},
      {"GET", "", "GET - []", "body"},
  };
  for (const auto& [method, body, saw, answer] : cases) {
    const HttpOutcome outcome = send({.method = method, .url = server->url(), .body = body});
    ASSERT_TRUE(outcome.replied()) << method << ": " << text_of(outcome);
    EXPECT_EQ(*outcome.reply().header("X-Saw"), saw);
    EXPECT_EQ(outcome.reply().body, answer);
  }
}

TEST_F(HttpClientTest, carries_large_bodies_both_ways) {
  const auto server = serve([](const ServerRequest& request) { return ServerReply{.body = request.body}; });
  std::string body;
  for (int i = 0; body.size() < (8 << 20); ++i) body += std::to_string(i);
  const HttpOutcome outcome = post(server->url(), body);
  ASSERT_TRUE(outcome.replied()) << text_of(outcome);
  EXPECT_TRUE(outcome.reply().body == body);
}

TEST_F(HttpClientTest, decodes_a_compressed_reply) {
  const std::string plain(100'000, 'z');
  const auto server = serve([&](const ServerRequest& request) {
    EXPECT_NE(request.header("Accept-Encoding")->find("gzip"), std::string::npos);
    EXPECT_NE(request.header("Accept-Encoding")->find("br"), std::string::npos);
    return ServerReply{.headers = {{"Content-Encoding", "gzip"}}, .body = gzip(plain)};
  });
  const HttpOutcome outcome = get(server->url());
  ASSERT_TRUE(outcome.replied()) << text_of(outcome);
  EXPECT_TRUE(outcome.reply().body == plain);
}

TEST_F(HttpClientTest, compresses_a_body_when_asked) {
  const auto server = serve([](const ServerRequest& request) {
    // Sent back as it came, so that the client unpacks it.
    return ServerReply{.headers = {{"Content-Encoding", *request.header("Content-Encoding")},
                                   {"X-Bytes", std::to_string(request.body.size())}},
                       .body = request.body};
  });
  for (const size_t size : {size_t{0}, size_t{10'000}, size_t{1'000'000}}) {  // the last on another thread
    const std::string plain(size, 'p');
    const HttpOutcome outcome =
        send({.method = "POST", .url = server->url(), .body = plain, .body_encoding = BodyEncoding::gzip});
    ASSERT_TRUE(outcome.replied()) << text_of(outcome);
    EXPECT_TRUE(outcome.reply().body == plain);
    if (size > 0) EXPECT_LT(std::stoul(*outcome.reply().header("X-Bytes")), size / 20);
  }
}

TEST_F(HttpClientTest, reuses_its_connection) {
  RawServer server([](int fd, int) {
    while (!read_request(fd).empty()) write_all(fd, kOkReply);
  });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(text_of(post(server.url(), "x")), "status 200");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, opens_another_when_the_kept_one_was_closed_meanwhile) {
  std::atomic<int> closed = 0;
  RawServer server([&](int fd, int) {
    read_request(fd);
    write_all(fd, kOkReply);
    shutdown(fd, SHUT_RDWR);
    ++closed;
    closed.notify_all();
  });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(text_of(post(server.url(), "x")), "status 200");
    closed.wait(i);
  }
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(HttpClientTest, carries_many_requests_at_once) {
  std::atomic<int> served = 0;
  const auto server = serve([&](const ServerRequest& request) {
    ++served;
    return ServerReply{.body = request.body};
  });
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 1500; ++i) {
    requests.push_back({.method = "POST", .url = server->url(), .body = std::to_string(i)});
  }
  std::map<std::string, int> bodies;
  for (const HttpOutcome& outcome : send_all(std::move(requests))) {
    ASSERT_TRUE(outcome.replied()) << text_of(outcome);
    ++bodies[outcome.reply().body];
  }
  EXPECT_EQ(bodies.size(), 1500);
  EXPECT_EQ(served, 1500);
}

TEST_F(HttpClientTest, keeps_to_its_number_of_connections) {
  use_client({.host_connections_max = 2});
  std::mutex mutex;
  int at_once = 0;
  int at_once_max = 0;
  const auto server = serve(
      [&](const ServerRequest&) {
        {
          const std::lock_guard lock(mutex);
          at_once_max = std::max(at_once_max, ++at_once);
        }
        std::this_thread::yield();
        const std::lock_guard lock(mutex);
        --at_once;
        return ServerReply{};
      },
      {.threads = 4});
  std::vector<HttpRequest> requests(100, HttpRequest{.url = server->url()});
  for (const HttpOutcome& outcome : send_all(std::move(requests)))
    EXPECT_TRUE(outcome.replied()) << text_of(outcome);
  EXPECT_LE(at_once_max, 2);
}

TEST_F(HttpClientTest, follows_redirects_only_when_told) {
  const auto server = serve([](const ServerRequest& request) {
    if (request.path == "/there") return ServerReply{.headers = {{"X-End", "1"}}, .body = request.method};
    return ServerReply{.status = 302, .headers = {{"Location", "/there"}, {"X-Start", "1"}}, .body = "moved"};
  });
  EXPECT_EQ(text_of(get(server->url() + "/here")), "status 302");
  const HttpOutcome followed = send({.url = server->url() + "/here", .redirects_max = 3});
  EXPECT_EQ(text_of(followed), "status 200");
  EXPECT_EQ(followed.reply().body, "GET");
  EXPECT_EQ(followed.reply().header("X-Start"), nullptr);
  EXPECT_EQ(text_of(send({.method = "POST", .url = server->url() + "/here", .redirects_max = 3})),
            "status 302");
}

TEST_F(HttpClientTest, speaks_ipv6) {
  const Result<std::unique_ptr<HttpServer>> server = HttpServer::start({.listen = "[::1]:0"}, &echo);
  if (!server.ok()) GTEST_SKIP() << server.error().message;
  EXPECT_EQ(text_of(get((*server)->url())), "status 200");
}

TEST_F(HttpClientTest, ignores_interim_replies) {
  RawServer server([](int fd, int) {
    read_request(fd);
    write_all(fd, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
    write_all(fd, kOkReply);
  });
  const HttpOutcome outcome = get(server.url());
  EXPECT_EQ(text_of(outcome), "status 200");
  EXPECT_EQ(outcome.reply().header("X-Early"), nullptr);
}

TEST_F(HttpClientTest, a_destroyed_task_breaks_its_request_off_and_harms_no_other) {
  const auto server = serve([](const ServerRequest& request) {
    return ServerReply{.fault = request.path == "/stall" ? Fault::stall : Fault::none};
  });
  for (int round = 0; round < 20; ++round) {
    std::vector<HttpOutcome> outcomes;
    TaskGroup stalled(loop);
    for (int i = 0; i < 5; ++i)
      stalled.spawn(send_into(*client, {.url = server->url() + "/stall"}, &outcomes));
    EXPECT_EQ(text_of(get(server->url())), "status 200");
    stalled.cancel();
    EXPECT_EQ(text_of(get(server->url())), "status 200");
    EXPECT_TRUE(outcomes.empty());
  }
}

TEST_F(HttpClientTest, the_client_may_go_before_its_requests) {
  const auto server = serve([](const ServerRequest&) { return ServerReply{.delay = 5ms}; });
  std::vector<HttpOutcome> outcomes;
  TaskGroup group(loop);
  for (int i = 0; i < 5; ++i) group.spawn(send_into(*client, {.url = server->url()}, &outcomes));
  EXPECT_EQ(text_of(get(server->url())), "status 200");
  client.reset();
  loop.run(join(group));
  EXPECT_EQ(outcomes.size(), 5);
}

TEST(CurlClient, requests_left_when_the_loop_goes_are_broken_off) {
  const auto server = serve([](const ServerRequest&) { return ServerReply{.fault = Fault::stall}; });
  RealLoop loop;
  const std::unique_ptr<CurlClient> client = *CurlClient::create(loop);
  struct Forget {
    static Task<void> go(HttpClient& its_client, std::string url) {
      co_await its_client.send({.url = std::move(url)});
    }
    static Task<void> pause(Loop& its_loop) { co_await its_loop.sleep_for(5ms); }
  };
  loop.spawn(Forget::go(*client, server->url()));
  loop.run(Forget::pause(loop));
}

TEST(CurlClient, says_which_ca_file_cannot_be_read) {
  RealLoop loop;
  const auto client = CurlClient::create(loop, {.ca_file = "/no/such.pem"});
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.error().kind, ErrorKind::config);
  EXPECT_EQ(client.error().message, "cannot read the CA file /no/such.pem: No such file or directory");
}

}  // namespace
}  // namespace penstock
