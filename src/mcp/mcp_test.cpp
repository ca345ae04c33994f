#include "mcp/mcp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/real_loop.h"
#include "base/memory_disk.h"

namespace penstock::mcp {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kSync[] =
    "model: customers\ndestination: crm\nobject: contacts\nmode: upsert\ntags: [daily]\nmatch: { email: "
    "email }\n"
    "fields:\n  firstname: name\n";

// A project on a disk of its own, whose destinations cannot be reached.
class McpTest : public testing::Test {
 protected:
  void SetUp() override {
    write("penstock.yaml", "project: acme\n");
    write("sources/warehouse.yaml", "type: duckdb\npath: warehouse.duckdb\n");
    write("models/customers.sql",
          "/*\nsource: warehouse\nprimary_key: id\npii: [email]\n*/\nselect 1 as id, 'a@b.c' as email, 'Ann' "
          "as name\n");
    write("destinations/crm.yaml",
          "type: hubspot\naccess_token: pat-very-secret\nbase_url: http://127.0.0.1:1\n");
    write("syncs/customers_to_crm.yaml", kSync);
  }
  void write(const std::string& path, std::string_view text) {
    const std::string whole = "/project/" + path;
    ASSERT_TRUE(disk_.make_directories(whole.substr(0, whole.rfind('/'))).ok());
    ASSERT_TRUE(disk_.replace(whole, text).ok());
  }
  std::string ask(std::string message) { return loop_.run(mcp_.handle(peer_, std::move(message))); }
  std::string call(const std::string& tool, const std::string& arguments = "{}") {
    return ask(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + tool +
               R"(","arguments":)" + arguments + "}}");
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
              return Error{ErrorKind::transient, "no way out", "try later"};
            }}};
  Peer peer_;
};

TEST_F(McpTest, AgreesOnAVersion) {
  for (const char* version : {"2025-06-18", "2025-03-26", "2025-11-25"}) {
    const auto reply =
        ask(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" +
            std::string(version) + R"(","capabilities":{},"clientInfo":{"name":"x","version":"1"}}})");
    EXPECT_THAT(reply, HasSubstr(R"("protocolVersion":")" + std::string(version) + "\""));
    EXPECT_THAT(reply, HasSubstr(R"("serverInfo":{"name":"penstock","title":"Penstock","version":"1.2.3"})"));
    EXPECT_EQ(peer_.version, version);
  }
  const auto other =
      ask(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"1999-01-01"}})");
  EXPECT_THAT(other, HasSubstr(R"("protocolVersion":"2025-11-25")"));
}

TEST_F(McpTest, AnswersWhatIsDueAndNothingElse) {
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","id":"p","method":"ping"})"),
            R"({"jsonrpc":"2.0","id":"p","result":{}})");
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"), "");
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"no/such"})"), "");
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","id":5,"result":{}})"), "");
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}})"), "");
  EXPECT_THAT(ask(R"({"jsonrpc":"2.0","id":1,"method":"prompts/list"})"), HasSubstr("-32601"));
  EXPECT_THAT(ask(std::string(kMessageBytesMax + 1, ' ')), HasSubstr("longer than"));
}

TEST_F(McpTest, BatchesBelongToOneVersion) {
  const std::string batch =
      R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","id":2,"method":"ping"},7])";
  EXPECT_EQ(
      ask(batch),
      R"([{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}},)"
      R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"the message is not an object"}}])");
  EXPECT_THAT(ask("[]"), HasSubstr("-32600"));
  EXPECT_EQ(ask(R"([{"jsonrpc":"2.0","method":"x"}])"), "");
  peer_.version = "2025-06-18";
  EXPECT_THAT(ask(batch), HasSubstr("version 2025-06-18 has no batches"));
}

TEST_F(McpTest, ListsWhatThePeerMayCall) {
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  EXPECT_THAT(ask(list), HasSubstr(R"("name":"plan")"));
  EXPECT_THAT(ask(list), Not(HasSubstr(R"("name":"run")")));
  peer_.may_run = true;
  EXPECT_THAT(ask(list), HasSubstr(R"("name":"run")"));
  EXPECT_THAT(ask(list), HasSubstr(R"("name":"retry")"));
}

TEST_F(McpTest, RunsOnlyWhereThatIsAllowed) {
  const auto refused = call("run", R"({"select":["*"]})");
  EXPECT_THAT(refused, HasSubstr("`run` is not allowed here: nothing was sent"));
  EXPECT_THAT(refused, HasSubstr("--allow-run"));
  EXPECT_THAT(refused, HasSubstr(R"("isError":true)"));
  EXPECT_THAT(call("retry", R"({"sync":"customers_to_crm"})"), HasSubstr("not allowed here"));
  peer_.may_run = true;
  EXPECT_THAT(call("run", R"({"select":["*"]})"), HasSubstr("no way out"));
  EXPECT_THAT(call("run", R"({"select":[]})"), HasSubstr("`select` names no sync"));
  EXPECT_THAT(call("run", R"({"select":["*"],"key":"1","limit":3})"), HasSubstr("exclude each other"));
  EXPECT_THAT(call("run", R"({"select":["*"],"confirm":["max_remvoed"]})"), HasSubstr("max_removed"));
}

TEST_F(McpTest, ToolsTellOfTheProject) {
  const auto syncs = call("list_syncs", R"({"select":"tag:daily"})");
  EXPECT_THAT(syncs,
              HasSubstr(R"("structuredContent":{"project":"acme","syncs":[{"sync":"customers_to_crm")"));
  EXPECT_THAT(syncs, HasSubstr(R"("isError":false)"));
  const auto shown = call("show_sync", R"({"sync":"customers_to_crm"})");
  EXPECT_THAT(shown, HasSubstr(R"("field":"firstname","from":"name")"));
  EXPECT_THAT(shown, HasSubstr("select 1 as id"));
  EXPECT_THAT(shown, Not(HasSubstr("pat-very-secret"))) << "settings of accounts are nobody's";
  EXPECT_THAT(call("status"), HasSubstr(R"("accepted":0)"));
  EXPECT_THAT(call("runs"), HasSubstr(R"("structuredContent":{"runs":[]})"));
  EXPECT_THAT(call("discover", R"({"name":"crm"})"), HasSubstr("contacts"));
}

TEST_F(McpTest, MistakesAreForTheModelToMend) {
  EXPECT_THAT(call("paln"),
              HasSubstr(R"("code":-32602,"message":"there is no tool 'paln'; did you mean 'plan'?")"));
  EXPECT_THAT(call("show_sync"), HasSubstr("the argument 'sync' is missing"));
  EXPECT_THAT(call("show_sync", R"({"sync":"customer_to_crm"})"),
              HasSubstr("did you mean 'customers_to_crm'?"));
  EXPECT_THAT(call("status", R"({"select":["tag:dialy"]})"), HasSubstr("did you mean 'daily'?"));
  EXPECT_THAT(call("log", R"({"run":"none"})"), HasSubstr("there is no run 'none'"));
  EXPECT_THAT(call("plan", R"({"full":true,"retry":true})"), HasSubstr("exclude each other"));
}

TEST_F(McpTest, ValidateTellsAllThatIsWrong) {
  EXPECT_THAT(call("validate"), HasSubstr(R"("ok":true)"));
  write("syncs/customers_to_crm.yaml", "modle: customers\nmode: upsrt\n");
  const auto wrong = call("validate");
  EXPECT_THAT(wrong, HasSubstr(R"("ok":false)"));
  EXPECT_THAT(wrong, HasSubstr("did you mean 'model'?"));
  EXPECT_THAT(wrong, HasSubstr(R"("file":"syncs/customers_to_crm.yaml","line":1)"));
  EXPECT_THAT(wrong, HasSubstr(R"("isError":false)")) << "it did what it is for";
  EXPECT_THAT(call("plan"), HasSubstr("call `validate` for all that is wrong"));
}

TEST_F(McpTest, ResourcesAreWhatIsListed) {
  const auto list = ask(R"({"jsonrpc":"2.0","id":1,"method":"resources/list"})");
  for (const char* uri :
       {"penstock:///files/syncs/customers_to_crm.yaml", "penstock:///files/models/customers.sql",
        "penstock:///schemas/sync", "penstock:///docs/projects", "penstock:///docs/shared-state"})
    EXPECT_THAT(list, HasSubstr(uri));
  EXPECT_THAT(list, Not(HasSubstr("files/destinations")));
  const auto read = [&](const std::string& uri) {
    return ask(R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":")" + uri + "\"}}");
  };
  EXPECT_THAT(read("penstock:///files/syncs/customers_to_crm.yaml"), HasSubstr("match: { email: email }"));
  EXPECT_THAT(read("penstock:///schemas/sync"), HasSubstr("firstname"));
  EXPECT_THAT(read("penstock:///docs/projects"), HasSubstr("primary_key"));
  for (const char* uri :
       {"penstock:///files/destinations/crm.yaml", "penstock:///files/syncs/../destinations/crm.yaml",
        "penstock:///files/", "file:///etc/passwd", ""}) {
    EXPECT_THAT(read(uri), HasSubstr("-32002")) << uri;
    EXPECT_THAT(read(uri), Not(HasSubstr("pat-very-secret"))) << uri;
  }
}

TEST_F(McpTest, AnIdIsUnderWayOnce) {
  Interruption other;
  peer_.under_way["1"] = &other;
  EXPECT_THAT(call("status"), HasSubstr("a request with this id is under way"));
  ask(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
  EXPECT_TRUE(other.asked());
}

}  // namespace
}  // namespace penstock::mcp
