// A sandbox without sockets, on a clock that moves when told to, and JSON compared by what it says.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sandbox/engine.h"

namespace penstock::sandbox {

class ManualClock final : public Clock {
 public:
  Time now() const override { return now_; }
  Instant instant() const override { return Instant(now_.time_since_epoch()); }
  void advance(Duration duration) { now_ += duration; }

 private:
  Time now_ = std::chrono::sys_days{std::chrono::year(2026) / 1 / 2} + 3h + 4min + 5s + 678ms;
};

// The same text for the same JSON: members in order of their names. Fails the test if it is no JSON.
std::string canonical(std::string_view json);

#define EXPECT_JSON(actual, expected) \
  EXPECT_EQ(::penstock::sandbox::canonical(actual), ::penstock::sandbox::canonical(expected))

// The element of a JSON document that a pointer names ("/results/0/id"), as JSON without quotes around
// strings; "" if there is none.
std::string at(std::string_view json, std::string_view pointer);

class TestSandbox {
 public:
  // Without limits unless the options say otherwise.
  explicit TestSandbox(SandboxOptions options = no_limits());
  static SandboxOptions no_limits();

  ServerReply send(std::string method, std::string path_and_query, std::string body = {});
  ServerReply get(std::string path) { return send("GET", std::move(path)); }
  ServerReply post(std::string path, std::string body) {
    return send("POST", std::move(path), std::move(body));
  }
  // POST /crm/v3/objects/contacts/batch/{operation}
  ServerReply batch(std::string_view operation, std::string body);
  // All records of an object as a JSON array.
  std::string records(std::string_view object = "contacts");

  ManualClock clock;
  std::string token = "token";  // "": no login is sent

 private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace penstock::sandbox
