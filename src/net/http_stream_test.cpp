#include "net/http_stream.h"

#include <gtest/gtest.h>

#include <chrono>

#include "net/raw_server_test.h"

namespace penstock {
namespace {

using std::chrono::steady_clock;

struct Read {
  std::string body;
  std::optional<Error> error;
};

Read read_all(HttpStream& stream) {
  Read read;
  for (;;) {
    const auto more = stream.read(read.body);
    if (!more.ok()) return read.error = more.error(), read;
    if (!*more) return read;
  }
}

// What a client reads of a server that answers so, and closes.
Read read_of(const std::string& reply) {
  RawServer server([&](int fd, int) {
    read_request(fd);
    write_all(fd, reply);
  });
  auto stream = HttpStream::post({.url = server.url(), .body = "question"}, {});
  if (!stream.ok()) return {"", stream.error()};
  return read_all(**stream);
}

const std::string kHead = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kHead + "Transfer-Encoding: chunked\r\n\r\n";

TEST(HttpStream, ReadsStatusHeadersAndBody) {
  std::string request;
  RawServer server([&](int fd, int) {
    request = read_request(fd);
    write_all(fd,
              "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nX-Name:  value \r\nContent-Length: "
              "4\r\n\r\n");
    write_all(fd, "body");
  });
  auto stream = HttpStream::post(
      {.url = server.url(), .headers = {{"X-User", "me"}, {"X-Empty", ""}}, .body = "question"}, {});
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  EXPECT_EQ((*stream)->status(), 404);
  EXPECT_EQ(*(*stream)->header("x-name"), "value");
  EXPECT_EQ((*stream)->header("X-Other"), nullptr);
  EXPECT_EQ(read_all(**stream).body, "body");
  EXPECT_TRUE(request.starts_with("POST / HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("X-User: me\r\n"), request.npos);
  EXPECT_NE(request.find("X-Empty:"), request.npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\nquestion")) << request;
}

TEST(HttpStream, KnowsTheEndFromACut) {
  EXPECT_EQ(read_of(kChunked + "3\r\nabc\r\n0\r\n\r\n").body, "abc");
  EXPECT_FALSE(read_of(kChunked + "3\r\nabc\r\n0\r\n\r\n").error);
  EXPECT_FALSE(read_of(kHead + "Content-Length: 0\r\n\r\n").error);
  for (const std::string& cut : {kChunked + "3\r\nabc\r\n", kHead + "Content-Length: 9\r\n\r\nabc"}) {
    const Read read = read_of(cut);
    EXPECT_EQ(read.body, "abc") << "what came is given all the same";
    ASSERT_TRUE(read.error);
    EXPECT_NE(read.error->message.find("broke in the middle"), std::string::npos) << read.error->message;
  }
  const Read endless = read_of("HTTP/1.0 200 OK\r\n\r\nabc");
  ASSERT_TRUE(endless.error);
  EXPECT_NE(endless.error->message.find("does not tell where its reply ends"), std::string::npos);
}

TEST(HttpStream, SaysWhyThereIsNoReply) {
  EXPECT_NE(read_of("").error->message.find("without a reply"), std::string::npos);
  EXPECT_NE(read_of(kHead).error->message.find("broke in the middle"), std::string::npos);
  EXPECT_NE(read_of("what?\r\n\r\n").error->message.find("cannot be read"), std::string::npos);
  const auto refused = HttpStream::post({.url = "http://127.0.0.1:1"}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("cannot connect"), std::string::npos) << refused.error().message;
}

TEST(HttpStream, EndsSoonWhenItIsCancelled) {
  RawServer silent([](int fd, int) {
    read_request(fd);
    wait_for_close(fd);
  });
  RawServer slow([](int fd, int) {
    read_request(fd);
    write_all(fd, kChunked + "3\r\nabc\r\n");
    wait_for_close(fd);
  });
  for (const auto& url : {silent.url(), slow.url()}) {
    const auto cancelled = std::make_shared<std::atomic<bool>>(false);
    const auto begin = steady_clock::now();
    std::thread other([&] { *cancelled = true; });
    auto stream = HttpStream::post({.url = url}, {.cancelled = cancelled});
    const Error error = stream.ok() ? *read_all(**stream).error : stream.error();
    other.join();
    EXPECT_EQ(error.kind, ErrorKind::interrupted);
    EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(5));
  }
}

TEST(HttpStream, GivesUpInTime) {
  RawServer silent([](int fd, int) {
    read_request(fd);
    wait_for_close(fd);
  });
  HttpRequest request{.url = silent.url()};
  request.timeouts.total = 200ms;
  const auto stream = HttpStream::post(request, {});
  ASSERT_FALSE(stream.ok());
  EXPECT_NE(stream.error().message.find("within 200 ms"), std::string::npos) << stream.error().message;
}

TEST(HttpStream, TakesNoMoreThanItIsAskedFor) {
  constexpr size_t kAll = 512UL << 20;
  std::atomic<size_t> written = 0;
  RawServer server([&](int fd, int) {
    read_request(fd);
    write_all(fd, kHead + "Content-Length: " + std::to_string(kAll) + "\r\n\r\n");
    const std::string part(1 << 20, 'x');
    while (written < kAll) {
      const ssize_t count = send(fd, part.data(), part.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      written += static_cast<size_t>(count);
    }
  });
  auto stream = HttpStream::post({.url = server.url()}, {});
  ASSERT_TRUE(stream.ok());
  std::string some;
  ASSERT_TRUE((*stream)->read(some).ok());
  // It writes until nothing more goes: what libcurl reads at once, and what the system holds between.
  for (size_t before = SIZE_MAX; before != written;) {
    before = written;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LT(written, kAll / 4);
}

}  // namespace
}  // namespace penstock
