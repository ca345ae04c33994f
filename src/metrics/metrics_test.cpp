#include "metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <thread>

#include "metrics/earlier.h"

namespace penstock {
namespace {

using testing::HasSubstr;
using testing::Not;

class SteadyClock final : public Clock {
 public:
  Time now() const override { return from_unix_micros(1'764'252'791'250'000); }
  Instant instant() const override { return {}; }
};

config::Sync sync_of(const std::string& name, const std::string& destination) {
  config::Sync sync;
  sync.name = name;
  sync.destination.value = destination;
  return sync;
}

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() { metrics.know(project()); }
  config::Project project() const {
    config::Project project;
    project.syncs = {contacts, deals};
    config::Destination crm;
    crm.name = "crm";
    project.destinations = {crm};
    return project;
  }
  // A run of 10 rows, of which one was refused.
  RunReport report(const std::string& status = "partial") const {
    RunReport report;
    report.run.run = "20261127-141311-x7k2";
    report.run.sync = "contacts";
    report.run.status = status;
    report.run.started = from_unix_micros(1'764'252'000'000'000);
    report.run.finished = from_unix_micros(1'764'252'002'500'000);
    report.run.rows = 10;
    report.run.added = 7;
    report.run.changed = 2;
    report.run.accepted = 8;
    report.run.rejected = 1;
    report.run.error = "customer 4711 at ann@example.com was refused";
    report.standing =
        KeyCounts{.keys = 9, .accepted = 8, .current = 8, .gone = 0, .foreign = 0, .waiting = 1};
    report.stages.enter(RunStage::planning, Instant(1s));
    report.stages.enter(RunStage::delivering, Instant(2s));
    report.stages.end(Instant(5s));
    return report;
  }
  // Everything that can happen, once.
  void exercise() {
    RunProgress progress;
    progress.stage = RunStage::delivering;
    progress.sync = "contacts";
    progress.destination = "crm";
    progress.delivery.in_flight = 3;
    progress.limits = {{.limit = "search", .window = 10s, .used = 4, .allowed = 190}};
    metrics.on_progress(progress);
    metrics.on_request(contacts, {.operation = "upsert", .status = 200, .latency = 120ms});
    metrics.on_request(contacts, {.operation = "upsert", .status = 429, .latency = 20ms, .throttled = true});
    metrics.on_run_ended(deals, report());
    metrics.on_run_refused(deals);
    metrics.on_late("contacts", 90s);
    metrics.on_missed("contacts", 3);
    metrics.on_alert("ops", true);
    metrics.on_api_request("/runs/{run}", 200, 3ms);
    metrics.set_queue(Queue::runs, 2);
    metrics.set_queue(Queue::alerts, 1);
  }

  SteadyClock clock;
  config::Sync contacts = sync_of("contacts", "crm"), deals = sync_of("deals", "crm");
  Metrics metrics{clock, "1.2.3"};
};

TEST_F(MetricsTest, ARunIsCounted) {
  metrics.on_run_ended(contacts, report());
  const std::string text = metrics.text();
  for (const char* line : {
           "penstock_build_info{version=\"1.2.3\"} 1\n",
           "penstock_runs_total{status=\"partial\",sync=\"contacts\"} 1\n",
           "penstock_runs_total{status=\"failed\",sync=\"contacts\"} 0\n",
           "penstock_run_duration_seconds_sum{sync=\"contacts\"} 2.5\n",
           "penstock_run_duration_seconds_bucket{sync=\"contacts\",le=\"1\"} 0\n",
           "penstock_run_duration_seconds_bucket{sync=\"contacts\",le=\"5\"} 1\n",
           "penstock_run_stage_seconds_total{stage=\"delivering\",sync=\"contacts\"} 3\n",
           "penstock_rows_planned_total{change=\"added\",sync=\"contacts\"} 7\n",
           "penstock_rows_total{outcome=\"rejected\",sync=\"contacts\"} 1\n",
           "penstock_rows_waiting{sync=\"contacts\"} 1\n",
           "penstock_last_success_timestamp_seconds{sync=\"contacts\"} 1764252000\n",
       })
    EXPECT_THAT(text, HasSubstr(line));
}

TEST_F(MetricsTest, AFailedRunLeavesTheDestinationAsFreshAsItWas) {
  metrics.on_run_ended(contacts, report());
  RunReport failed = report("failed");
  failed.run.started = from_unix_micros(1'764'253'000'000'000);
  metrics.on_run_ended(contacts, failed);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("penstock_last_success_timestamp_seconds{sync=\"contacts\"} 1764252000\n"));
  EXPECT_THAT(text, HasSubstr("penstock_last_run_timestamp_seconds{sync=\"contacts\"} 1764253000\n"));
}

TEST_F(MetricsTest, RequestsAndLimitsOfADestination) {
  exercise();
  const std::string text = metrics.text();
  for (const char* line : {
           "penstock_requests_total{destination=\"crm\",status=\"2xx\"} 1\n",
           "penstock_requests_total{destination=\"crm\",status=\"4xx\"} 1\n",
           "penstock_requests_throttled_total{destination=\"crm\"} 1\n",
           "penstock_request_duration_seconds_count{destination=\"crm\"} 2\n",
           "penstock_requests_in_flight{destination=\"crm\"} 3\n",
           "penstock_rate_limit_used_requests{destination=\"crm\",limit=\"search\",window=\"10\"} 4\n",
           "penstock_rate_limit_requests{destination=\"crm\",limit=\"search\",window=\"10\"} 190\n",
           "penstock_runs_in_progress{stage=\"delivering\"} 1\n",
       })
    EXPECT_THAT(text, HasSubstr(line));
  metrics.on_run_ended(contacts, report());
  const std::string after = metrics.text();
  EXPECT_THAT(after, HasSubstr("penstock_runs_in_progress{stage=\"delivering\"} 0\n"));
  EXPECT_THAT(after, HasSubstr("penstock_requests_in_flight{destination=\"crm\"} 0\n"));
  EXPECT_THAT(after, Not(HasSubstr("penstock_rate_limit")));
}

// Every metric of the table is there when all has happened, and nothing that is not in it.
TEST_F(MetricsTest, TheTableIsWhatThereIs) {
  exercise();
  metrics.on_run_ended(contacts, report());
  RunProgress progress;
  progress.sync = "deals";
  progress.destination = "crm";
  progress.limits = {{.limit = "search", .window = 10s, .used = 4, .allowed = 190}};
  metrics.on_progress(progress);
  std::set<std::string> types;
  const std::string text = metrics.text();
  const std::regex type("# TYPE (\\S+) (\\S+)\n");
  for (std::sregex_iterator at(text.begin(), text.end(), type), end; at != end; ++at)
    types.insert((*at)[1].str() + " " + (*at)[2].str());
  std::set<std::string> table;
  for (const MetricFacts& facts : all_metrics())
    table.insert(std::string(facts.name) + " " + std::string(name_of(facts.kind)));
  EXPECT_EQ(types, table);
}

TEST_F(MetricsTest, LabelsAreThoseOfTheTableAndNothingOfARow) {
  exercise();
  metrics.on_run_ended(contacts, report());
  const std::string text = metrics.text();
  for (const char* never : {"4711", "ann@example.com", "x7k2"}) EXPECT_THAT(text, Not(HasSubstr(never)));
  for (const EarlierSample& sample : read_samples(text))
    for (const auto& [label, value] : sample.labels) {
      if (label == "le") continue;
      bool known = false;
      for (const MetricFacts& facts : all_metrics())
        known = known || (sample.name.starts_with(facts.name) &&
                          std::find(facts.labels.begin(), facts.labels.end(), label) != facts.labels.end());
      EXPECT_TRUE(known) << sample.name << " " << label;
    }
}

TEST_F(MetricsTest, AFileHasNothingOfThisProcess) {
  exercise();
  const std::string text = metrics.text(Scrape::file);
  EXPECT_THAT(text, HasSubstr("penstock_requests_total"));
  for (const char* never :
       {"process_", "penstock_api_", "penstock_queue_length", "penstock_runs_in_progress"})
    EXPECT_THAT(text, Not(HasSubstr(never)));
}

TEST_F(MetricsTest, NumbersGoOnFromAnEarlierFile) {
  metrics.on_run_ended(contacts, report());
  metrics.on_request(contacts, {.operation = "upsert", .status = 200, .latency = 120ms});
  const std::string earlier = metrics.text(Scrape::file);
  Metrics next(clock, "1.2.4");
  next.know(project());
  RunReport failed = report("failed");
  failed.stages = {};
  failed.run.rows = 0;
  next.on_run_ended(contacts, failed);
  next.carry_on(earlier);
  const std::string text = next.text(Scrape::file);
  for (const char* line : {
           "penstock_build_info{version=\"1.2.4\"} 1\n",
           "penstock_runs_total{status=\"partial\",sync=\"contacts\"} 1\n",
           "penstock_runs_total{status=\"failed\",sync=\"contacts\"} 1\n",
           "penstock_rows_total{outcome=\"accepted\",sync=\"contacts\"} 16\n",
           "penstock_run_duration_seconds_bucket{sync=\"contacts\",le=\"5\"} 2\n",
           "penstock_run_duration_seconds_bucket{sync=\"contacts\",le=\"+Inf\"} 2\n",
           "penstock_run_duration_seconds_sum{sync=\"contacts\"} 5\n",
           "penstock_request_duration_seconds_bucket{destination=\"crm\",le=\"0.1\"} 0\n",
           "penstock_request_duration_seconds_bucket{destination=\"crm\",le=\"0.25\"} 1\n",
           "penstock_last_success_timestamp_seconds{sync=\"contacts\"} 1764252000\n",
           "penstock_model_rows{sync=\"contacts\"} 10\n",
       })
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("1.2.3")));
}

TEST_F(MetricsTest, WhatAnEarlierFileSaysOfOthersIsPassedOver) {
  metrics.carry_on(
      "# a comment\nsomething_else{sync=\"contacts\"} "
      "3\npenstock_runs_total{sync=\"gone\",status=\"failed\"} 7\n"
      "penstock_runs_total{sync=\"contacts\",status=\"failed\",more=\"x\"} 7\n"
      "penstock_runs_total{sync=\"contacts\"\npenstock_runs_total{sync=\"contacts\",status=\"failed\"} many\n"
      "penstock_runs_total{sync=\"contacts\",status=\"failed\"} -4\n"
      "penstock_run_duration_seconds_bucket{sync=\"contacts\",le=\"7\"} 5\n"
      "penstock_run_duration_seconds_count{sync=\"contacts\"} 5\npenstock_queue_length{queue=\"runs\"} 9\n");
  const std::string text = metrics.text();
  for (const char* line : {"penstock_runs_total{status=\"failed\",sync=\"contacts\"} 0\n",
                           "penstock_run_duration_seconds_count{sync=\"contacts\"} 0\n"})
    EXPECT_THAT(text, HasSubstr(line));
  for (const char* never : {"gone", "something_else", "penstock_queue_length"})
    EXPECT_THAT(text, Not(HasSubstr(never)));
}

TEST_F(MetricsTest, LabelsKeepTheirTextWhateverIsInIt) {
  const auto sample = read_sample("a_total{x=\"back\\\\slash \\\"quoted\\\" line\\nfeed, }\",y=\"\"} 1.5");
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->labels.at("x"), "back\\slash \"quoted\" line\nfeed, }");
  EXPECT_EQ(sample->labels.at("y"), "");
  EXPECT_EQ(sample->value, 1.5);
  for (const char* broken : {"", "a", "a{", "a{x", "a{x=\"", "a{x=\"\\", "a{x=\"1\"}", "a{x=\"1\"} ", "a 1 2",
                             "a NaN", "{x=\"1\"} 1"})
    EXPECT_FALSE(read_sample(broken)) << broken;
}

TEST_F(MetricsTest, SyncsThatAreGoneAreForgotten) {
  metrics.on_run_ended(contacts, report());
  EXPECT_THAT(metrics.text(), HasSubstr("sync=\"contacts\""));
  config::Project other = project();
  other.syncs = {deals};
  metrics.know(other);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("sync=\"contacts\"")));
  EXPECT_THAT(metrics.text(), HasSubstr("sync=\"deals\""));
}

TEST_F(MetricsTest, ManyThreadsCountRight) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this] {
      for (int i = 0; i < 1000; ++i) {
        metrics.on_request(contacts, {.operation = "upsert", .status = 200, .latency = 1ms});
        if (i % 100 == 0) (void)metrics.text();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(metrics.text(),
              HasSubstr("penstock_requests_total{destination=\"crm\",status=\"2xx\"} 4000\n"));
}

}  // namespace
}  // namespace penstock
