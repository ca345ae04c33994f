// Files in a directory of this machine, request by request.
#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/temp_directory.h"
#include "duck/duck.h"
#include "store/files/files.h"

namespace penstock {
namespace {

constexpr const char* kTwoRows =
    R"json({"match":"id","types":{"id":"BIGINT","n":"DECIMAL(9,2)","t":"VARCHAR"},"rows":[)json"
    R"json({"key":"1","set":{"n":1.50,"t":"a;b"}},{"key":"2","set":{"n":null,"t":""}}]})json";
constexpr const char* kNoRows =
    R"json({"match":"id","types":{"id":"BIGINT","n":"DECIMAL(9,2)","t":"VARCHAR"},"rows":[]})json";

class FilesSession : public testing::Test {
 protected:
  StoreAnswer ask(Headers more, std::string method, std::string path, std::string body = "") {
    Headers headers{{"Directory", directory.path()}};
    headers.insert(headers.end(), more.begin(), more.end());
    HttpRequest request;
    request.method = std::move(method);
    request.url = "file:" + path;
    request.headers = headers;
    request.body = std::move(body);
    return make_files_session(headers)->carry(request);
  }
  static std::string session_of(const StoreAnswer& begun) {
    const size_t begin = begun.body.find(":\"") + 2;
    return begun.body.substr(begin, begun.body.find('"', begin) - begin);
  }
  std::vector<std::string> names() const { return *real_disk().list(directory.path()); }
  std::string content(std::string_view name) const { return *real_disk().read(directory.path(name)); }
  std::string whole(const Headers& with, const std::vector<std::string>& parts) {
    const StoreAnswer begun = ask(with, "POST", "/sessions/people");
    EXPECT_TRUE(begun.ok()) << (begun.failure ? begun.failure->message : begun.body);
    const std::string session = session_of(begun);
    for (size_t i = 0; i < parts.size(); ++i)
      EXPECT_TRUE(
          ask(with, "PUT", "/sessions/" + session + "/" + std::to_string(i + 1) + "/people", parts[i]).ok());
    const StoreAnswer done = ask(with, "POST", "/sessions/" + session + "/people?run=r1", kNoRows);
    EXPECT_TRUE(done.ok()) << (done.failure ? done.failure->message : done.body);
    return session;
  }

  TempDirectory directory;
};

TEST_F(FilesSession, ChangesSayWhatIsDone) {
  const Headers csv{{"Format", "csv"}, {"Delimiter", ";"}, {"Changes-Name", "{object}/{mark}"}};
  ASSERT_TRUE(ask(csv, "PUT", "/rows/people", kTwoRows).ok());
  const auto found = *real_disk().list(directory.path("people"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(content("people/" + found[0]),
            "_operation;id;n;t\r\nupsert;1;1.50;\"a;b\"\r\nupsert;2;;\"\"\r\n");
}

TEST_F(FilesSession, AWholeTakesThePlaceOfTheOneBefore) {
  const Headers csv{{"Format", "csv"}};
  whole(csv, {kTwoRows});
  EXPECT_EQ(content("people.csv"), "id,n,t\r\n1,1.50,a;b\r\n2,,\"\"\r\n");
  whole(csv, {});
  EXPECT_EQ(content("people.csv"), "id,n,t\r\n");
  EXPECT_EQ(names(), std::vector<std::string>{"people.csv"});
}

TEST_F(FilesSession, APartThatComesAgainCountsOnce) {
  const StoreAnswer begun = ask({}, "POST", "/sessions/people");
  const std::string path = "/sessions/" + session_of(begun);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(ask({}, "PUT", path + "/1/people", kTwoRows).ok());
  ASSERT_TRUE(ask({}, "POST", path + "/people", kNoRows).ok());
  EXPECT_EQ(content("people.jsonl"),
            "{\"id\":\"1\",\"n\":1.50,\"t\":\"a;b\"}\n{\"id\":\"2\",\"n\":null,\"t\":\"\"}\n");
}

TEST_F(FilesSession, ASessionThatIsAbandonedLeavesWhatWasThere) {
  whole({}, {kTwoRows});
  const std::string before = content("people.jsonl");
  const std::string first = session_of(ask({}, "POST", "/sessions/people"));
  ASSERT_TRUE(ask({}, "PUT", "/sessions/" + first + "/1/people", kTwoRows).ok());
  const std::string second = session_of(ask({}, "POST", "/sessions/people"));
  EXPECT_FALSE(ask({}, "POST", "/sessions/" + first + "/people", kNoRows).ok()) << "another took its place";
  ASSERT_TRUE(ask({}, "DELETE", "/sessions/" + second + "/people").ok());
  EXPECT_EQ(content("people.jsonl"), before);
  EXPECT_EQ(names(), std::vector<std::string>{"people.jsonl"});
}

TEST_F(FilesSession, ParquetKeepsTheTypes) {
  whole({{"Format", "parquet"}, {"Compression", "zstd"}}, {kTwoRows, kTwoRows});
  auto database = *duck::Database::open({});
  auto connection = *database.connect();
  const auto rows = *connection.texts("SELECT typeof(id), typeof(n), n, t FROM read_parquet('" +
                                      directory.path("people.parquet") + "')");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0], (duck::Connection::TextRow{"BIGINT", "DECIMAL(9,2)", "1.50", "a;b"}));
  EXPECT_EQ(rows[3], (duck::Connection::TextRow{"BIGINT", "DECIMAL(9,2)", std::nullopt, ""}));
  whole({{"Format", "parquet"}}, {});
  EXPECT_EQ(
      *connection.number("SELECT count(id) FROM read_parquet('" + directory.path("people.parquet") + "')"),
      0u);
}

TEST_F(FilesSession, NamesThatLeadAwayAreRefused) {
  for (const char* name : {"../{mark}", "{object}", "{day}-{mark}", ".{mark}"})
    EXPECT_FALSE(ask({{"Changes-Name", name}}, "PUT", "/rows/people", kTwoRows).ok()) << name;
  EXPECT_FALSE(ask({}, "PUT", "/rows/..%2Fpeople", kTwoRows).ok());
}

}  // namespace
}  // namespace penstock
