// What becomes of plans is told, to the end: in virtual time, with a project on the disk.
#include "server/plans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/sim_loop.h"
#include "base/temp_directory.h"

namespace penstock::server {
namespace {

class NobodyThere final : public HttpClient {
 public:
  Task<HttpOutcome> send(HttpRequest) override {
    co_return TransportFailure{.error = {ErrorKind::transient, "nobody answers", ""},
                               .may_have_arrived = false};
  }
};

class PlansTest : public testing::Test {
 protected:
  void SetUp() override {
    write("penstock.yaml", "project: p\n");
    write("sources/w.yaml", "type: duckdb\n");
    write("models/m.yaml", "source: w\nprimary_key: id\nsql: select 1 as id, 'a@b.example' as email\n");
    write("destinations/d.yaml", "type: hubspot\naccess_token: t\n");
    write("syncs/s.yaml",
          "model: m\ndestination: d\nobject: contacts\nmode: upsert\nmatch: { email: email }\n"
          "fields: { firstname: id }\n");
    declare::Diagnostics problems;
    service::ServiceOptions options;
    options.directory = place.path();
    auto opened = service::Service::open({loop, real_disk(), client, random}, options, problems);
    ASSERT_TRUE(opened.ok()) << opened.error().message << as_text(problems);
    service = *std::move(opened);
    plans = std::make_unique<Plans>(*service, events, loop.clock(), "test");
    stream = events.follow("", "{}");
  }
  void write(const std::string& name, const std::string& text) {
    const std::string path = place.path(name);
    ASSERT_TRUE(real_disk().make_directories(path.substr(0, path.rfind('/'))).ok());
    ASSERT_TRUE(real_disk().replace(path, text).ok());
  }
  static Task<void> sleep(Loop& loop, Duration duration) { co_await loop.sleep_for(duration); }
  std::string told() {
    std::string text(1 << 16, '\0');
    const long read = stream->read(nullptr, text.data(), text.size());
    text.resize(read > 0 ? static_cast<size_t>(read) : 0);
    return text;
  }

  TempDirectory place;
  SimLoop loop;
  NobodyThere client;
  Random random{7};
  std::unique_ptr<service::Service> service;
  EventHub events;
  std::unique_ptr<Plans> plans;
  std::shared_ptr<ReplyStream> stream;
};

TEST_F(PlansTest, AreKeptForADayAndToldOf) {
  const auto plan = plans->start("s", false, 5);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  const std::string id = (*plan)->id;
  loop.run(sleep(loop, 1min));
  ASSERT_NE(plans->find(id), nullptr);
  EXPECT_NE(plans->find(id)->state, KeptPlan::State::planning);
  plans->note_run(id, "run-1");
  EXPECT_EQ(plans->find(id)->run, "run-1");
  loop.run(sleep(loop, std::chrono::hours(23)));
  plans->forget_old();
  EXPECT_NE(plans->find(id), nullptr);
  loop.run(sleep(loop, std::chrono::hours(1)));
  plans->forget_old();
  EXPECT_EQ(plans->find(id), nullptr);
  plans->note_run(id, "run-2");  // nothing to tell of
  const std::string text = told();
  const std::string begin = "event: plan\ndata: {\"id\":\"" + id + "\",\"sync\":\"s\",\"state\":\"";
  EXPECT_THAT(text, testing::HasSubstr(begin + "planning\"}\n\n" + begin + "ready\"}\n\n" + begin +
                                       "run\",\"run\":\"run-1\"}\n\n" + begin + "expired\"}\n\n"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("run-2")));
}

}  // namespace
}  // namespace penstock::server
