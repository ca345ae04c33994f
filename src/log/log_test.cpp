#include "log/log.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <mutex>
#include <thread>
#include <vector>

namespace penstock {
namespace {

class StandingClock final : public Clock {
 public:
  Time now() const override { return from_unix_micros(1'764'252'791'250'000); }
  Instant instant() const override { return {}; }
};

class LogTest : public testing::Test {
 protected:
  void open(log::Settings settings) {
    log::open(settings, clock_, [this](std::string_view line) { lines_.emplace_back(line); });
  }
  void TearDown() override { log::close(); }
  StandingClock clock_;
  std::vector<std::string> lines_;
};

TEST_F(LogTest, IsSilentUntilItIsOpened) {
  EXPECT_FALSE(log::is_wanted(log::Level::error));
  log::event(log::Level::error, "run_ended", {{"sync", "a"}});
  open({});
  EXPECT_TRUE(lines_.empty());
}

TEST_F(LogTest, AnEventIsOneObject) {
  open({.format = log::Format::json, .least = log::Level::info});
  log::event(log::Level::warning, "run_ended",
             {{"sync", "contacts"},
              {"rows", uint64_t{12}},
              {"seconds", 0.25},
              {"full", true},
              {"error", "a \"b\"\nc"}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0],
            "{\"time\":\"2025-11-27T14:13:11.250Z\",\"level\":\"warning\",\"event\":\"run_ended\",\"sync\":"
            "\"contacts\","
            "\"rows\":12,\"seconds\":0.25,\"full\":true,\"error\":\"a \\\"b\\\"\\nc\"}\n");
}

TEST_F(LogTest, TextIsOneLineWhateverIsInIt) {
  open({.format = log::Format::text, .least = log::Level::info});
  log::event(log::Level::info, "run_ended",
             {{"sync", "contacts"}, {"error", "two\nlines=\x1b[31m"}, {"rows", 3}, {"why", ""}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0],
            "2025-11-27T14:13:11.250Z info    run_ended sync=contacts error=\"two\\nlines=\\u001b[31m\" "
            "rows=3\n");
}

TEST_F(LogTest, WhatIsLessThanWantedIsNotWritten) {
  open({.format = log::Format::json, .least = log::Level::warning});
  log::event(log::Level::info, "run_began", {});
  log::event(log::Level::error, "run_ended", {});
  EXPECT_EQ(lines_.size(), 1u);
  EXPECT_FALSE(log::is_wanted(log::Level::info));
  EXPECT_TRUE(log::is_wanted(log::Level::error));
}

TEST_F(LogTest, SecretsDoNotReachIt) {
  open({.format = log::Format::json, .least = log::Level::info});
  log::conceal("pat-1234");
  log::conceal("pat-1234-longer");
  log::conceal("");
  log::conceal("abc");  // too short to be told from anything else
  log::event(log::Level::error, "run_failed",
             {{"error", "Bearer pat-1234-longer, and pat-1234pat-1234"}, {"url", "abc"}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0].find("1234"), std::string::npos) << lines_[0];
  EXPECT_EQ(lines_[0].find("longer"), std::string::npos) << lines_[0];
  EXPECT_NE(lines_[0].find("\"Bearer ***, and ******\",\"url\":\"abc\""), std::string::npos) << lines_[0];
}

TEST_F(LogTest, ManyThreadsWriteWholeLines) {
  open({.format = log::Format::json, .least = log::Level::info});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) {
        log::event(log::Level::info, "tick", {{"thread", t}, {"n", i}});
        log::conceal("secret-" + std::to_string(t * 500 + i));
      }
    });
  for (auto& thread : threads) thread.join();
  ASSERT_EQ(lines_.size(), 2000u);
  simdjson::dom::parser parser;
  for (const auto& line : lines_) EXPECT_EQ(parser.parse(line).error(), simdjson::SUCCESS) << line;
}

TEST(LogSettings, AreReadFromWordsAndEnvironment) {
  ::unsetenv("PENSTOCK_LOG_FORMAT");
  ::unsetenv("PENSTOCK_LOG_LEVEL");
  EXPECT_EQ(log::settings_of("", "")->format, log::Format::text);
  EXPECT_EQ(log::settings_of("json", "debug")->least, log::Level::debug);
  ::setenv("PENSTOCK_LOG_FORMAT", "json", 1);
  ::setenv("PENSTOCK_LOG_LEVEL", "error", 1);
  EXPECT_EQ(log::settings_of("", "")->format, log::Format::json);
  EXPECT_EQ(log::settings_of("", "")->least, log::Level::error);
  EXPECT_EQ(log::settings_of("text", "info")->format, log::Format::text);
  ::unsetenv("PENSTOCK_LOG_FORMAT");
  ::unsetenv("PENSTOCK_LOG_LEVEL");
  const auto wrong = log::settings_of("", "warn");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().kind, ErrorKind::config);
  EXPECT_NE(wrong.error().remedy.find("warning"), std::string::npos);
}

}  // namespace
}  // namespace penstock
