#include "connector/job.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace penstock::connector {
namespace {

// What is to be done, as a short text.
std::string shown(const JobNext& next) {
  if (const auto* send = std::get_if<JobSend>(&next)) {
    std::string out(name_of(send->part));
    if (send->part == JobPart::result) out += fmt::format(" {}", send->result);
    return send->page.empty() ? out : out + " " + send->page;
  }
  if (const auto* wait = std::get_if<JobWait>(&next))
    return fmt::format("wait {}", declare::show(wait->pause));
  if (const auto* read = std::get_if<JobRead>(&next)) return fmt::format("read {}", read->result);
  constexpr std::string_view kHow[] = {"done", "failed", "refused", "unstarted", "lost"};
  const auto& over = std::get<JobOver>(next);
  return fmt::format("{} {}", kHow[static_cast<size_t>(over.how)], over.message);
}

JobRule rule() {
  JobRule rule;
  rule.id = "job.id";
  rule.create.emplace();
  rule.start.emplace();
  rule.poll.emplace();
  rule.poll->state = "state";
  rule.poll->done = {"Complete"};
  rule.poll->failed = {"Failed"};
  rule.poll->processed = "n";
  rule.poll->message = {"why"};
  return rule;
}

class Course : public testing::Test {
 protected:
  // The reply to what was asked for last.
  void reply(std::string_view body, bool accepted = true) {
    next =
        course->replied(std::get<JobSend>(next), {accepted, accepted ? 200 : 404, body, "CODE", "message"});
  }
  void begin(JobRule with) {
    the_rule = std::move(with);
    course.emplace(the_rule);
    next = course->begin();
  }
  JobRule the_rule;
  std::optional<JobCourse> course;
  JobNext next;
};

TEST_F(Course, GoesFromCreateToResults) {
  JobRule with = rule();
  with.results.resize(2);
  with.results[0].request.value = "GET /good";
  begin(std::move(with));
  EXPECT_EQ(shown(next), "create");
  reply(R"({"job":{"id":7}})");
  EXPECT_EQ(shown(next), "upload");
  EXPECT_EQ(course->id(), "7");
  reply("");
  EXPECT_EQ(shown(next), "start");
  reply("");
  EXPECT_EQ(shown(next), "wait 1s");
  next = course->waited(1s);
  EXPECT_EQ(shown(next), "poll");
  reply(R"({"state":"InProgress","n":12})");
  EXPECT_EQ(shown(next), "wait 1s500ms");
  EXPECT_EQ(course->state(), "InProgress");
  EXPECT_EQ(course->processed(), 12u);
  next = course->waited(3s);
  reply(R"({"state":"Complete"})");
  EXPECT_EQ(shown(next), "result 0");
  reply("a,b\n");
  EXPECT_EQ(shown(next), "read 1");
  next = course->read();
  EXPECT_EQ(shown(next), "done ");
}

TEST_F(Course, BeginsWithTheUploadWhereThatMakesTheJob) {
  JobRule with = rule();
  with.create.reset();
  with.start.reset();
  begin(std::move(with));
  EXPECT_TRUE(course->upload_is_start());
  EXPECT_EQ(shown(next), "upload");
  reply(R"({"job":{"id":"x"}})");
  EXPECT_EQ(shown(next), "wait 1s");
}

TEST_F(Course, IsLostWhenTheUploadNamesNoJob) {
  JobRule with = rule();
  with.create.reset();
  begin(std::move(with));
  reply("{}");
  EXPECT_EQ(shown(next), "lost the reply has no job at 'job.id'");
}

TEST_F(Course, PausesGrowUpToTheLongest) {
  JobRule with = rule();
  with.poll->pause = 10s;
  with.poll->pause_max = 20s;
  begin(std::move(with));
  next = course->resume_running("7");
  for (const char* pause : {"wait 10s", "wait 15s", "wait 20s", "wait 20s"}) {
    reply(R"({"state":"no word of ours"})");
    EXPECT_EQ(shown(next), pause);
    next = course->waited(1s);
  }
  EXPECT_EQ(shown(course->waited(24h)),
            "lost the job has not come to its end, it is still 'no word of ours'");
}

TEST_F(Course, AFailedJobStillTellsItsResults) {
  JobRule with = rule();
  with.results.resize(1);
  begin(std::move(with));
  next = course->resume_running("7");
  reply(R"({"state":"Failed","why":"disk full"})");
  EXPECT_EQ(shown(next), "read 0");
  next = course->read();
  EXPECT_EQ(shown(next), "failed disk full");
}

TEST_F(Course, AJobThatIsNotThereIsLost) {
  begin(rule());
  next = course->resume_running("7");
  reply("{}", false);
  EXPECT_EQ(shown(next), "lost the destination does not know the job any more: message");
}

TEST_F(Course, IsStartedAgainAfterACrashWhereItsStateSaysSo) {
  JobRule with = rule();
  with.poll->open = {"Open"};
  begin(std::move(with));
  next = course->resume_starting("7");
  EXPECT_EQ(shown(next), "poll");
  reply(R"({"state":"Open"})");
  EXPECT_EQ(shown(next), "start");
  reply("", false);
  EXPECT_EQ(shown(next), "wait 1s") << "it was started meanwhile";
}

TEST_F(Course, IsStartedAgainAfterACrashWhereNoStateTells) {
  begin(rule());
  next = course->resume_starting("7");
  EXPECT_EQ(shown(next), "start");
  reply("", false);
  EXPECT_EQ(shown(next), "wait 1s");
  EXPECT_EQ(shown(course->resume_unstarted("7")), "unstarted the job was left before it was set to work");
}

TEST_F(Course, RefusalsBeforeTheStartAreAboutTheRows) {
  for (const int part : {0, 1, 2}) {
    begin(rule());
    if (part > 0) reply(R"({"job":{"id":7}})");
    if (part > 1) reply("");
    reply("", false);
    EXPECT_EQ(shown(next), "refused message");
  }
}

TEST_F(Course, ARefusalWithoutAWordHasItsStatusForAReason) {
  begin(rule());
  next = course->replied(std::get<JobSend>(next), {false, 404, "", "", ""});
  EXPECT_EQ(shown(next), "refused the destination answers with status 404");
}

TEST_F(Course, ResultsAreSparedReadOnAndHaveAddresses) {
  JobRule with = rule();
  with.results.resize(3);
  with.results[0].request.value = "GET /bad";
  with.results[0].unless.push_back({"failed", {}, "0"});
  with.results[1].request.value = "GET /bad?page={page}";
  with.results[1].next = "links.next";
  with.results[2].url = "file";
  begin(std::move(with));
  next = course->resume_running("7");
  reply(R"({"state":"Complete","failed":0,"file":"https://store.example/x"})");
  EXPECT_EQ(shown(next), "result 1");
  reply(R"({"links":{"next":"p2"}})");
  EXPECT_EQ(shown(next), "result 1 p2");
  reply(R"({"links":{"next":null}})");
  EXPECT_EQ(shown(next), "result 2 https://store.example/x");
  reply("");
  EXPECT_EQ(shown(next), "done ");
}

SentRows people() {
  static const std::vector<std::string> kNames{"ada@x.example", "ben@x.example", "cid@x.example"};
  return {.count = 3,
          .match = [](size_t i) { return kNames[i]; },
          .record_id = [](size_t i) { return std::to_string(i); }};
}

TEST(JobResults, OfCsvAreJoinedByAColumn) {
  JobResult bad;
  bad.content = JobResult::Content::csv;
  RowRule& row = bad.rows.emplace_back();
  row.by = RowRule::By::match;
  row.at = "{match_field}";
  row.is = Verdict::rejected;
  row.code = {"sf__Error"};
  row.code_ends = ":";
  row.message = {"sf__Error"};
  row.codes.push_back({"LOCKED", {}, Verdict::retry});
  std::vector<std::optional<RowReading>> rows(3);
  ASSERT_TRUE(read_job_result(bad, "Account.Ext__c",
                              "\"sf__Id\",\"sf__Error\",\"Account.Ext__c\"\n"
                              "\"\",\"REQUIRED:missing: name --\",\"CID@x.example\"\n"
                              "\"\",\"LOCKED:row --\",\"ada@x.example\"\n",
                              people(), rows)
                  .ok());
  EXPECT_EQ(rows[0]->verdict, Verdict::retry);
  EXPECT_FALSE(rows[1]);
  EXPECT_EQ(rows[2]->verdict, Verdict::rejected);
  EXPECT_EQ(rows[2]->code, "REQUIRED");
  EXPECT_EQ(rows[2]->message, "REQUIRED:missing: name --");
}

TEST(JobResults, OfJsonAreJoinedByPositionAndConditions) {
  JobResult results;
  RowRule& good = results.rows.emplace_back();
  good.each.value = "job_status.results";
  good.where.push_back({"success", {}, "true"});
  good.record_id = {"id"};
  RowRule& bad = results.rows.emplace_back();
  bad.each.value = "job_status.results";
  bad.is = Verdict::rejected;
  bad.code = {"error"};
  std::vector<std::optional<RowReading>> rows(3);
  ASSERT_TRUE(
      read_job_result(results, "email",
                      R"({"job_status":{"results":[{"id":9,"success":true},{"success":false,"error":"E"}]}})",
                      people(), rows)
          .ok());
  EXPECT_EQ(rows[0]->record_id, "9");
  EXPECT_EQ(rows[1]->code, "E");
  EXPECT_FALSE(rows[2]);
  EXPECT_FALSE(read_job_result(results, "email", "<html>", people(), rows).ok());
}

}  // namespace
}  // namespace penstock::connector
