#include "alert/notice.h"

#include <gtest/gtest.h>

namespace penstock::alert {
namespace {

const Time kNow = from_unix_micros(1'793'610'000'000'000);

class Notices : public testing::Test {
 protected:
  Notices() {
    config::Model model;
    model.name = "customers";
    model.source.value = "warehouse";
    project.models.push_back(model);
    sync.name = "to_crm";
    sync.model.value = "customers";
    sync.destination.value = "crm";
    report.run.run = "20261127-070112-abcd";
    report.run.sync = "to_crm";
    report.run.started = kNow - 5min;
  }

  Notice of(const std::string& status) {
    report.run.status = status;
    auto notice = notice_of(project, sync, report, kNow);
    EXPECT_TRUE(notice) << status;
    return notice.value_or(Notice{});
  }
  Notice failed(ErrorKind kind) {
    report.error = Error{kind, "it says: no", "mend it"};
    return of("failed");
  }

  config::Project project;
  config::Sync sync;
  RunReport report;
};

TEST_F(Notices, AGoodRunIsARecovery) {
  const Notice notice = of("succeeded");
  EXPECT_EQ(notice.event, AlertEvent::recovered);
  EXPECT_EQ(notice.run, report.run.run);
  EXPECT_EQ(notice.since, report.run.started);
  EXPECT_EQ(notice.at, kNow);
}

TEST_F(Notices, WhatSaysNothingOfTheSyncIsNone) {
  report.run.status = "interrupted";
  EXPECT_FALSE(notice_of(project, sync, report, kNow));
  report.run.status = "failed";
  report.error = Error{ErrorKind::locked, "another process", ""};
  EXPECT_FALSE(notice_of(project, sync, report, kNow));
  EXPECT_FALSE(notice_of(project, sync, *report.error, kNow));
  EXPECT_FALSE(notice_of(project, sync, Error{ErrorKind::interrupted, "", ""}, kNow));
}

TEST_F(Notices, TheKindOfAnErrorSaysWhoseFaultItIs) {
  Notice notice = failed(ErrorKind::source);
  EXPECT_EQ(notice.event, AlertEvent::broken);
  EXPECT_EQ(notice.cause, "source warehouse");
  EXPECT_EQ(notice.said, "it says: no");
  EXPECT_EQ(notice.remedy, "mend it");
  EXPECT_TRUE(notice.lasting);
  notice = failed(ErrorKind::auth);
  EXPECT_EQ(notice.event, AlertEvent::broken);
  EXPECT_EQ(notice.cause, "destination crm: auth");
  notice = failed(ErrorKind::transient);
  EXPECT_EQ(notice.event, AlertEvent::failed);
  EXPECT_EQ(notice.cause, "destination crm: down");
  EXPECT_EQ(notice.command, "penstock run to_crm");
  EXPECT_EQ(failed(ErrorKind::disk).cause, "state");
  EXPECT_FALSE(failed(ErrorKind::internal).lasting);
}

TEST_F(Notices, ARunThatDidNotBegin) {
  const auto notice = notice_of(project, sync, Error{ErrorKind::config, "no field 'x'", ""}, kNow);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->event, AlertEvent::failed);
  EXPECT_EQ(notice->command, "penstock check --connect");
  EXPECT_TRUE(notice->run.empty());
}

TEST_F(Notices, AGuard) {
  report.guard = GuardStop{"max_removed", "60% of the rows would go", "look at the model"};
  const Notice notice = of("stopped");
  EXPECT_EQ(notice.event, AlertEvent::stopped);
  EXPECT_EQ(notice.cause, "model customers: guard max_removed");
  EXPECT_EQ(notice.said, "60% of the rows would go");
  EXPECT_EQ(notice.command, "penstock plan to_crm");
}

TEST_F(Notices, RefusedRowsAreToldInTheDestinationsWords) {
  report.run.rows = report.run.sent = 10;
  report.run.accepted = 8;
  report.run.rejected = 2;
  report.refused.push_back({"INVALID_EMAIL", "Email address x is invalid", "rejected", 2, {"4", "7"}});
  const Notice notice = of("partial");
  EXPECT_EQ(notice.event, AlertEvent::partial);
  EXPECT_EQ(notice.said, "INVALID_EMAIL: Email address x is invalid (key 4, 7)");
  EXPECT_EQ(notice.command, "penstock log 20261127-070112-abcd --rejected");
  EXPECT_EQ(notice.rows.refused(), 2u);
}

TEST_F(Notices, InvalidRowsAreToldWithTheirReason) {
  report.run.rows = 10;
  report.run.invalid = 1;
  report.invalid.push_back({"9", "the key occurs several times"});
  const Notice notice = of("partial");
  EXPECT_EQ(notice.said, "key 9: the key occurs several times");
  EXPECT_EQ(notice.command, "penstock plan to_crm");
}

TEST_F(Notices, LateRuns) {
  const Notice missing = late_notice(sync, Lateness::not_begun, "", kNow - 1h, kNow);
  EXPECT_EQ(missing.event, AlertEvent::late);
  EXPECT_EQ(missing.since, kNow - 1h);
  EXPECT_NE(missing.what, late_notice(sync, Lateness::too_long, "r", kNow, kNow).what);
}

TEST_F(Notices, WhatAnAlertWants) {
  config::Alert alert;
  alert.on = {AlertEvent::failed};
  EXPECT_TRUE(wants(alert, failed(ErrorKind::transient)));
  EXPECT_TRUE(wants(alert, failed(ErrorKind::auth))) << "a login that is refused is a run that failed";
  EXPECT_FALSE(wants(alert, of("partial")));
  alert.on = {AlertEvent::broken};
  EXPECT_FALSE(wants(alert, failed(ErrorKind::transient)));
  EXPECT_TRUE(wants(alert, failed(ErrorKind::auth)));
}

TEST_F(Notices, ABoundOnRefusedRows) {
  config::Alert alert;
  alert.on = {AlertEvent::failed};
  report.run.rows = 1000;
  report.run.sent = 100;
  report.run.rejected = 5;
  alert.rejected_over = config::ShareOrCount{config::Share{0.05}, std::nullopt};
  EXPECT_FALSE(wants(alert, of("partial"))) << "just five percent";
  report.run.rejected = 6;
  EXPECT_TRUE(wants(alert, of("partial"))) << "though `partial` is not named";
  report.run.rejected = 0;
  report.run.invalid = 51;
  EXPECT_TRUE(wants(alert, of("partial"))) << "of the model's rows";
  alert.rejected_over = config::ShareOrCount{std::nullopt, 51};
  EXPECT_FALSE(wants(alert, of("partial")));
  report.run.waiting = 1;
  EXPECT_TRUE(wants(alert, of("partial")));
}

}  // namespace
}  // namespace penstock::alert
