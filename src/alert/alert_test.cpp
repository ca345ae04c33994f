// The whole of it in virtual time: runs end, receivers answer or do not, processes end and begin again.
#include "alert/alert.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "async/sim_loop.h"
#include "base/memory_disk.h"

namespace penstock::alert {
namespace {

using testing::HasSubstr;

// Answers as it is told, and keeps what came.
class FakeReceiver final : public HttpClient {
 public:
  explicit FakeReceiver(Loop& loop) : loop_(loop) {}
  Task<HttpOutcome> send(HttpRequest request) override {
    came.push_back(request);
    int status = 200;
    if (!statuses.empty()) {
      status = statuses.front();
      statuses.pop_front();
    }
    co_await loop_.sleep_for(takes);
    if (status == 0)
      co_return TransportFailure{.error = {ErrorKind::transient, "nobody answers", ""},
                                 .may_have_arrived = false};
    HttpReply reply;
    reply.status = status;
    reply.body = status == 200 ? "ok" : "no, " + request.url.substr(request.url.rfind('/') + 1);
    if (retry_after > 0 && status == 429) reply.headers = {{"Retry-After", std::to_string(retry_after)}};
    co_return reply;
  }

  std::vector<HttpRequest> came;
  std::deque<int> statuses;  // 0: no answer; 200 when there are no more
  int retry_after = 0;
  Duration takes = 10ms;

 private:
  Loop& loop_;
};

class NoMail final : public MailSender {
 public:
  Task<MailOutcome> send(MailServer, Mail mail) override {
    came.push_back(mail);
    co_return MailOutcome{.answer = "250 taken"};
  }
  std::vector<Mail> came;
};

class Anyone final : public HeldLock {};
class FreeLocks final : public Locks {
 public:
  Result<SyncLock> acquire(const std::string&, const std::string&, const std::string&) override {
    if (taken) return Error{ErrorKind::locked, "somebody else", ""};
    return SyncLock(std::make_unique<Anyone>());
  }
  bool taken = false;
};

class NoPlaces : public declare::Resolver {
 public:
  Result<std::optional<std::string>> env(const std::string& name) const override {
    if (name == "HOOK") return std::optional<std::string>("https://hooks.example.com/services/T0p-s3cret");
    return std::optional<std::string>();
  }
  Result<std::optional<std::string>> file(const std::string&) const override {
    return std::optional<std::string>();
  }
  Result<std::optional<std::string>> secret(const std::string&) const override {
    return std::optional<std::string>();
  }
};

// The project of these files: syncs a and b tell the alert ops.
class Office : public testing::Test {
 protected:
  Office() {
    EXPECT_TRUE(disk.make_directories("/p/alerts").ok());
    load("type: slack\nwebhook_url: ${env:HOOK}\n");
    for (const char* name : {"a", "b"}) {
      config::Sync sync;
      sync.name = name;
      sync.model.value = "customers";
      sync.destination.value = "crm";
      sync.alerts.emplace_back();
      sync.alerts.back().value = "ops";
      project.syncs.push_back(sync);
    }
    open();
  }

  void load(const std::string& alert) {
    EXPECT_TRUE(disk.replace("/p/penstock.yaml", "project: acme\n").ok());
    EXPECT_TRUE(disk.replace("/p/alerts/ops.yaml", alert).ok());
    declare::Diagnostics diagnostics;
    auto loaded =
        config::load_project(disk, "/p", {config::alert_kinds(), config::alert_kinds()}, diagnostics);
    EXPECT_TRUE(diagnostics.ok()) << as_text(diagnostics);
    loaded.syncs = project.syncs;
    project = std::move(loaded);
  }

  // The process begins, or begins again.
  void open() {
    alerts =
        std::make_unique<Alerts>(AlertParts{.loop = loop,
                                            .client = receiver,
                                            .mail = mail,
                                            .random = random,
                                            .project = project,
                                            .resolver = resolver,
                                            .disk = disk,
                                            .locks = locks,
                                            .directory = "/state/alerts",
                                            .on_told = [this](const Told& each) { told.push_back(each); }});
  }

  void ends(size_t sync, const char* status, ErrorKind kind = ErrorKind::auth) {
    RunReport report;
    report.run.run = "r1";
    report.run.status = status;
    report.run.started = loop.clock().now();
    if (report.run.status == "failed") report.error = Error{kind, "CRM says: who are you", ""};
    alerts->on_run_ended(project.syncs[sync], report);
  }
  void flush() { loop.run(alerts->flush()); }

  // Lets the task of a service go on for so long.
  void serve(Duration span) { loop.run(serve_for(span)); }
  Task<void> serve_for(Duration span) {
    TaskGroup group(loop);
    group.spawn(alerts->run_until_stopped());
    co_await loop.sleep_for(span);
    alerts->stop();
    co_await group.join();
    open();
  }

  SimLoop loop;
  FakeReceiver receiver{loop};
  NoMail mail;
  FreeLocks locks;
  NoPlaces resolver;
  MemoryDisk disk;
  Random random{1};
  config::Project project;
  std::vector<Told> told;
  std::unique_ptr<Alerts> alerts;
};

TEST_F(Office, OneOutageIsOneMessageAcrossProcesses) {
  ends(0, "failed");
  ends(1, "failed");
  flush();
  ASSERT_EQ(receiver.came.size(), 1u);
  EXPECT_EQ(receiver.came[0].url, "https://hooks.example.com/services/T0p-s3cret");
  EXPECT_THAT(receiver.came[0].body, HasSubstr("2 syncs"));
  for (int i = 0; i < 3; ++i) {
    open();
    ends(0, "failed");
    flush();
  }
  EXPECT_EQ(receiver.came.size(), 1u);
  open();
  ends(0, "succeeded");
  ends(1, "succeeded");
  flush();
  ASSERT_EQ(receiver.came.size(), 2u);
  EXPECT_THAT(receiver.came[1].body, HasSubstr("Recovered"));
}

TEST_F(Office, AServiceGathersAndReminds) {
  ends(0, "failed");
  serve(30s);
  EXPECT_EQ(receiver.came.size(), 0u) << "others may come";
  serve(31s);
  EXPECT_EQ(receiver.came.size(), 1u);
  serve(5h);
  EXPECT_EQ(receiver.came.size(), 1u);
  serve(2h);
  ASSERT_EQ(receiver.came.size(), 2u);
  EXPECT_THAT(receiver.came[1].body, HasSubstr("Still: a"));
  EXPECT_TRUE(told.back().arrived);
}

TEST_F(Office, AServiceThatStopsSendsWhatItSends) {
  receiver.takes = 20s;
  ends(0, "failed");
  serve(65s);
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(Office, LatenessIsToldOnceHoweverOftenItIsSaid) {
  const Time due = loop.clock().now();
  for (int i = 0; i < 10; ++i) {
    alerts->on_late(project.syncs[0], Lateness::not_begun, due);
    flush();
  }
  ASSERT_EQ(receiver.came.size(), 1u);
  ends(0, "succeeded");
  alerts->on_late(project.syncs[0], Lateness::not_begun, due);  // by who looked a moment ago
  flush();
  EXPECT_EQ(receiver.came.size(), 2u);
  EXPECT_THAT(receiver.came[1].body, HasSubstr("Recovered"));
}

TEST_F(Office, WhatFailsIsTriedAgainAndRetryAfterIsKept) {
  receiver.statuses = {503, 0, 429, 200};
  receiver.retry_after = 40;
  const Instant before = loop.now();
  ends(0, "failed");
  flush();
  EXPECT_EQ(receiver.came.size(), 4u);
  EXPECT_GE(loop.now() - before, 40s);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].arrived);
}

TEST_F(Office, WhoAsksForAnHourGetsIt) {
  receiver.statuses = {429};
  receiver.retry_after = 3600;
  ends(0, "failed");
  serve(59min);
  EXPECT_EQ(receiver.came.size(), 1u);
  serve(5min);
  EXPECT_EQ(receiver.came.size(), 2u);
}

TEST_F(Office, ARefusalIsSaidWithoutTheSecret) {
  receiver.statuses = {404};
  ends(0, "failed");
  flush();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_FALSE(told[0].arrived);
  EXPECT_THAT(told[0].answer, HasSubstr("hooks.example.com says: 404"));
  for (const Told& each : told) EXPECT_EQ(each.answer.find("T0p-s3cret"), std::string::npos);
}

TEST_F(Office, AFullDiskDoesNotSilence) {
  locks.taken = true;
  ends(0, "failed");
  flush();
  EXPECT_EQ(receiver.came.size(), 1u);
  ends(0, "failed");
  flush();
  EXPECT_EQ(receiver.came.size(), 1u) << "this process remembers";
  ASSERT_GE(told.size(), 2u);
  EXPECT_TRUE(told[0].alert.empty());
}

TEST_F(Office, AFileThatIsBrokenIsReplaced) {
  ends(0, "failed");
  flush();
  ASSERT_TRUE(disk.replace("/state/alerts/open.json", "{").ok());
  open();
  ends(0, "failed");
  flush();
  EXPECT_EQ(receiver.came.size(), 2u);
  EXPECT_THAT(told[1].answer, HasSubstr("open.json is not what was written there"));
  open();
  ends(0, "failed");
  flush();
  EXPECT_EQ(receiver.came.size(), 2u);
}

TEST_F(Office, ASyncThatLeftIsOver) {
  ends(0, "failed");
  flush();
  project.syncs.erase(project.syncs.begin());
  open();
  flush();
  ASSERT_EQ(receiver.came.size(), 2u);
  EXPECT_THAT(receiver.came[1].body, HasSubstr("a is not watched any more"));
}

TEST_F(Office, Email) {
  load("type: email\nto: ops@example.com\nfrom: penstock@example.com\nhost: smtp.example.com\n");
  open();
  ends(0, "failed");
  flush();
  ASSERT_EQ(mail.came.size(), 1u);
  EXPECT_EQ(mail.came[0].to, std::vector<std::string>{"ops@example.com"});
}

TEST_F(Office, ATestIsNotRemembered) {
  const Told result = loop.run(alerts->test("ops"));
  EXPECT_TRUE(result.arrived);
  EXPECT_EQ(result.answer, "hooks.example.com says: 200 ok");
  EXPECT_FALSE(*disk.exists("/state/alerts/open.json"));
}

}  // namespace
}  // namespace penstock::alert
