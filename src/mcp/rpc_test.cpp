#include "mcp/rpc.h"

#include <gtest/gtest.h>

namespace penstock::mcp {
namespace {

std::string fault_of(std::string_view text) {
  const auto parsed = Message::parse(text);
  const auto* fault = std::get_if<Fault>(&parsed);
  return fault == nullptr ? "none" : reply(*fault);
}

Message message_of(std::string_view text) {
  auto parsed = Message::parse(text);
  EXPECT_TRUE(std::holds_alternative<Message>(parsed)) << text;
  return std::get<Message>(std::move(parsed));
}

TEST(Rpc, ReadsRequestsNotificationsAndReplies) {
  const auto request = message_of(
      R"({"jsonrpc":"2.0","id":"a\"b","method":"tools/call","params":{"name":"plan","arguments":{"full":true},"n":7}})");
  EXPECT_EQ(request.id(), R"("a\"b")");
  EXPECT_EQ(request.method(), "tools/call");
  EXPECT_EQ(request.text("name"), "plan");
  EXPECT_TRUE(request.object("arguments"));
  EXPECT_FALSE(request.text("arguments"));
  EXPECT_EQ(request.token("n"), "7");
  EXPECT_FALSE(request.token("arguments"));
  EXPECT_FALSE(request.text("nothing"));
  EXPECT_EQ(message_of(R"({"jsonrpc":"2.0","method":"notifications/initialized"})").id(), "");
  EXPECT_EQ(message_of(R"({"jsonrpc":"2.0","id":3,"result":{}})").method(), "");
}

TEST(Rpc, WhatIsNoMessageIsAFaultWithTheIdWhereThereIsOne) {
  EXPECT_EQ(fault_of("nonsense"),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"the message is not JSON"}})");
  EXPECT_NE(fault_of("[]").find("-32600"), std::string::npos);
  EXPECT_NE(fault_of("").find("-32700"), std::string::npos);
  EXPECT_NE(fault_of(R"({"id":4,"method":"ping"})").find(R"("id":4,"error":{"code":-32600)"),
            std::string::npos);
  for (const char* wrong :
       {R"({"jsonrpc":"1.0","id":1,"method":"ping"})", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","id":1,"method":7})", R"({"jsonrpc":"2.0","id":1,"method":""})",
        R"({"jsonrpc":"2.0","id":{},"method":"ping"})", R"({"jsonrpc":"2.0","id":null,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[1]})"})
    EXPECT_NE(fault_of(wrong).find("-32600"), std::string::npos) << wrong;
}

TEST(Rpc, Batches) {
  EXPECT_FALSE(batch_of(R"({"a":[1]})"));
  EXPECT_FALSE(batch_of("[1, 2"));
  EXPECT_EQ(batch_of(R"( [ {"a": 1}, 2 ])"), (std::vector<std::string>{R"({"a":1})", "2"}));
  EXPECT_EQ(batch_of("[]"), std::vector<std::string>());
}

TEST(Rpc, Replies) {
  EXPECT_EQ(reply("7", R"({"x":1})"), R"({"jsonrpc":"2.0","id":7,"result":{"x":1}})");
  EXPECT_EQ(notification("notifications/progress", "{}"),
            R"({"jsonrpc":"2.0","method":"notifications/progress","params":{}})");
}

}  // namespace
}  // namespace penstock::mcp
