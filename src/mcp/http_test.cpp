#include "mcp/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_disk.h"

namespace penstock::mcp {
namespace {

using testing::HasSubstr;

class McpHttpTest : public testing::Test {
 protected:
  ServerReply post(std::string body, Headers headers = {{"Content-Type", "application/json"}},
                   bool may_run = false) {
    return loop_.run(answer_http(mcp_, {"POST", "/mcp", "", std::move(headers), std::move(body)}, may_run));
  }

  MemoryDisk disk_;
  Random random_{1};
  RealLoop loop_;
  Mcp mcp_{{.loop = loop_,
            .disk = disk_,
            .clock = real_clock(),
            .random = random_,
            .directory = "/project",
            .version = "1.2.3",
            .connect = [](const Workspace&) -> Result<std::unique_ptr<HttpClient>> {
              return Error{ErrorKind::transient, "no way out", ""};
            }}};
};

constexpr char kPing[] = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";

TEST_F(McpHttpTest, AMessageAndItsAnswer) {
  const auto reply = post(kPing);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"jsonrpc":"2.0","id":1,"result":{}})");
  EXPECT_EQ(*find_header(reply.headers, "Content-Type"), "application/json");
  const auto none = post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_EQ(none.status, 202);
  EXPECT_EQ(none.body, "");
  EXPECT_EQ(post("nonsense").status, 400);
  EXPECT_THAT(post("nonsense").body, HasSubstr("-32700"));
}

TEST_F(McpHttpTest, RequestsOfAnotherForm) {
  EXPECT_EQ(post(kPing, {}).status, 415);
  EXPECT_EQ(post(kPing, {{"Content-Type", "text/plain"}}).status, 415);
  EXPECT_EQ(post(kPing, {{"Content-Type", "application/json"}, {"Accept", "text/html"}}).status, 406);
  EXPECT_EQ(post(kPing, {{"Content-Type", "application/json; charset=utf-8"},
                         {"Accept", "application/json, text/event-stream"}})
                .status,
            200);
  for (const char* method : {"GET", "DELETE", "PUT"}) {
    const auto reply = loop_.run(answer_http(mcp_, {method, "/mcp", "", {}, ""}, false));
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(*find_header(reply.headers, "Allow"), "POST");
  }
}

TEST_F(McpHttpTest, TheVersionStandsInAHeader) {
  const Headers json = {{"Content-Type", "application/json"}};
  const std::string batch = "[" + std::string(kPing) + "]";
  EXPECT_EQ(post(batch).status, 200) << "without a header the version is the one that has batches";
  Headers newer = json;
  newer.push_back({"MCP-Protocol-Version", "2025-06-18"});
  EXPECT_EQ(post(kPing, newer).status, 200);
  EXPECT_EQ(post(batch, newer).status, 400);
  Headers unknown = json;
  unknown.push_back({"MCP-Protocol-Version", "1999-01-01"});
  EXPECT_EQ(post(kPing, unknown).status, 400);
}

TEST_F(McpHttpTest, WhoMayRunIsTheCallersToSay) {
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  EXPECT_THAT(post(list).body, Not(HasSubstr(R"("name":"run")")));
  EXPECT_THAT(post(list, {{"Content-Type", "application/json"}}, true).body, HasSubstr(R"("name":"run")"));
}

}  // namespace
}  // namespace penstock::mcp
