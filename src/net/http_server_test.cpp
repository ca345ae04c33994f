#include "net/http_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "net/client_fixture_test.h"
#include "net/listen_socket.h"
#include "net/raw_server_test.h"

namespace penstock {
namespace {

class HttpServerTest : public HttpClientTest {};

std::unique_ptr<HttpServer> serve_requests(HttpServer::Handler handler, HttpServerOptions options = {}) {
  Result<std::unique_ptr<HttpServer>> server = HttpServer::start(std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.error().message;
  return *std::move(server);
}

TEST_F(HttpServerTest, says_when_its_address_is_taken) {
  const auto server = serve_requests([](const ServerRequest&) { return ServerReply{}; });
  const std::string address = server->url().substr(7);
  const auto second =
      HttpServer::start({.listen = address}, [](const ServerRequest&) { return ServerReply{}; });
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::config);
  EXPECT_EQ(second.error().message,
            "cannot listen on " + address + ": the address is taken by another process");
}

TEST_F(HttpServerTest, says_what_is_not_an_address) {
  for (const char* address :
       {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:99999", "[::1", "1.2.3:x"}) {
    const auto server =
        HttpServer::start({.listen = address}, [](const ServerRequest&) { return ServerReply{}; });
    ASSERT_FALSE(server.ok()) << address;
    EXPECT_EQ(server.error().kind, ErrorKind::config);
    EXPECT_TRUE(server.error().message.starts_with(std::string("cannot listen on ") + address));
  }
}

TEST_F(HttpServerTest, tells_its_port) {
  const auto server = serve_requests([](const ServerRequest&) { return ServerReply{}; });
  EXPECT_NE(server->port(), 0);
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server->port()));
}

TEST_F(HttpServerTest, refuses_a_body_that_is_too_large_and_keeps_the_connection) {
  std::atomic<int> handled = 0;
  const auto server = serve_requests(
      [&](const ServerRequest&) {
        ++handled;
        return ServerReply{};
      },
      {.body_bytes_max = 1000});
  EXPECT_EQ(text_of(post(server->url(), std::string(1000, 'x'))), "status 200");
  EXPECT_EQ(text_of(post(server->url(), std::string(1001, 'x'))), "status 413");
  EXPECT_EQ(text_of(post(server->url(), std::string(3 << 20, 'x'))), "status 413");
  EXPECT_EQ(text_of(post(server->url(), "x")), "status 200");
  EXPECT_EQ(handled, 2);
}

TEST_F(HttpServerTest, measures_a_body_that_does_not_say_its_length) {
  const auto server = serve_requests(
      [](const ServerRequest& request) { return ServerReply{.body = request.body}; }, {.body_bytes_max = 10});
  const auto send_chunks = [&](const std::string& chunk) {
    return send({.method = "POST",
                 .url = server->url(),
                 .headers = {{"Transfer-Encoding", "chunked"}},
                 .body = chunk});
  };
  EXPECT_EQ(text_of(send_chunks("12345")), "status 200");
  EXPECT_EQ(text_of(send_chunks(std::string(20, 'x'))), "status 413");
}

TEST_F(HttpServerTest, decodes_parameters) {
  ServerRequest request;
  request.query = "a=1&b=x%20y+z&empty=&bare&a=2&k%5B%5D=v";
  EXPECT_EQ(request.parameter("a"), "1");
  EXPECT_EQ(request.parameter("b"), "x y z");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("bare"), "");
  EXPECT_EQ(request.parameter("k[]"), "v");
  EXPECT_EQ(request.parameter("c"), std::nullopt);
}

TEST_F(HttpServerTest, a_delayed_reply_does_not_hold_up_the_others) {
  const auto server = serve_requests([](const ServerRequest& request) {
    return ServerReply{.body = request.path, .delay = request.path == "/slow" ? 60ms : 0ms};
  });
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 50; ++i) requests.push_back({.url = server->url() + (i % 2 ? "/fast" : "/slow")});
  const std::vector<HttpOutcome> outcomes = send_all(std::move(requests));
  for (const HttpOutcome& outcome : outcomes) {
    ASSERT_TRUE(outcome.replied()) << text_of(outcome);
    if (outcome.reply().body == "/slow") EXPECT_GE(outcome.reply().latency(), 60ms);
  }
  EXPECT_EQ(outcomes.front().reply().body, "/fast");
  // Delayed side by side, on one thread: one after the other they would take 25 times as long.
  EXPECT_LT(outcomes.back().reply().latency(), 25 * 60ms);
}

TEST_F(HttpServerTest, replies_in_order_of_their_delays) {
  const auto server = serve_requests([](const ServerRequest& request) {
    return ServerReply{.body = request.path,
                       .delay = std::chrono::milliseconds(std::stoi(request.path.substr(1)))};
  });
  std::vector<HttpRequest> requests;
  for (const char* delay : {"/120", "/20", "/70"}) requests.push_back({.url = server->url() + delay});
  std::string order;
  for (const HttpOutcome& outcome : send_all(std::move(requests))) order += outcome.reply().body;
  EXPECT_EQ(order, "/20/70/120");
}

TEST_F(HttpServerTest, a_stream_goes_on_while_somebody_writes) {
  std::shared_ptr<ReplyStream> stream = std::make_shared<ReplyStream>();
  const auto server =
      serve_requests([&](const ServerRequest&) { return ServerReply{.body = {}, .stream = stream}; });
  std::thread writer([&] {
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(stream->push(fmt::format("part {}\n", i)));
      std::this_thread::sleep_for(5ms);
    }
    stream->close();
  });
  const auto outcomes = send_all({{.url = server->url()}});
  writer.join();
  ASSERT_TRUE(outcomes.front().replied()) << text_of(outcomes.front());
  EXPECT_EQ(outcomes.front().reply().body, "part 0\npart 1\npart 2\npart 3\npart 4\n");
  EXPECT_FALSE(stream->push("too late"));
}

TEST_F(HttpServerTest, who_is_too_slow_for_a_stream_is_cut_off) {
  ReplyStream stream;
  const std::string much(1 << 20, 'x');
  int pushed = 0;
  while (stream.push(much) && pushed < 100) ++pushed;
  EXPECT_EQ(pushed, static_cast<int>(ReplyStream::kBehindMax >> 20));
  EXPECT_TRUE(stream.is_gone());
}

TEST_F(HttpServerTest, goes_while_streams_are_open) {
  std::shared_ptr<ReplyStream> stream = std::make_shared<ReplyStream>();
  auto server =
      serve_requests([&](const ServerRequest&) { return ServerReply{.body = {}, .stream = stream}; });
  TaskGroup group(loop);
  std::vector<HttpOutcome> outcomes;
  group.spawn(send_into(*client, {.url = server->url()}, &outcomes));
  struct Pause {
    static Task<void> go(Loop& its_loop) { co_await its_loop.sleep_for(20ms); }
  };
  loop.run(Pause::go(loop));
  server.reset();
  loop.run(join(group));
  EXPECT_EQ(outcomes.size(), 1u);
}

TEST_F(HttpServerTest, goes_while_requests_are_delayed_or_stalled) {
  auto server = serve_requests([](const ServerRequest& request) {
    if (request.path == "/stall") return ServerReply{.fault = Fault::stall};
    return ServerReply{.delay = 1h};
  });
  TaskGroup group(loop);
  std::vector<HttpOutcome> outcomes;
  group.spawn(send_into(*client, {.method = "POST", .url = server->url() + "/stall"}, &outcomes));
  group.spawn(send_into(*client, {.method = "POST", .url = server->url() + "/delay"}, &outcomes));
  struct Pause {
    static Task<void> go(Loop& its_loop) { co_await its_loop.sleep_for(20ms); }
  };
  loop.run(Pause::go(loop));
  server.reset();
  loop.run(join(group));
  ASSERT_EQ(outcomes.size(), 2);
  for (const HttpOutcome& outcome : outcomes) EXPECT_FALSE(outcome.replied());
}

TEST_F(HttpServerTest, serves_with_several_threads) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  const auto server = serve_requests(
      [&](const ServerRequest& request) {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
        return ServerReply{.body = request.body, .delay = 1ms};
      },
      {.threads = 3});
  std::vector<HttpRequest> requests(300, HttpRequest{.method = "POST", .url = server->url(), .body = "x"});
  for (const HttpOutcome& outcome : send_all(std::move(requests))) EXPECT_EQ(text_of(outcome), "status 200");
  EXPECT_GT(threads.size(), 1);
}

TEST_F(HttpServerTest, a_reply_that_cannot_be_sent_becomes_an_error) {
  const auto server = serve_requests(
      [](const ServerRequest&) { return ServerReply{.headers = {{"X-Bad", "a\r\nInjected: 1"}}}; });
  EXPECT_EQ(text_of(get(server->url())), "status 500");
}

TEST_F(HttpServerTest, survives_clients_that_are_not_http) {
  const auto server = serve_requests([](const ServerRequest&) { return ServerReply{}; });
  const uint16_t port = server->port();
  for (const std::string_view bytes :
       {"\x16\x03\x01\x02", "GET\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nab"}) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    write_all(fd, bytes);
    close(fd);
  }
  EXPECT_EQ(text_of(get(server->url())), "status 200");
}

}  // namespace
}  // namespace penstock
