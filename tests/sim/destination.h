// The destination of a simulation: the sandbox's engine in the story's time, and its records as the auditor
// reads them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/http.h"
#include "sandbox/engine.h"

namespace penstock::sim {

// One clock for all the lives of the process: that of the loop which is running.
class WorldClock final : public Clock {
 public:
  Time now() const override { return running_ != nullptr ? running_->now() : now_; }
  Instant instant() const override { return running_ != nullptr ? running_->instant() : instant_; }
  void follow(const Clock& clock) { running_ = &clock; }
  // The loop goes; its time stays.
  void keep() {
    now_ = now(), instant_ = instant();
    running_ = nullptr;
  }
  void pass(Duration time) { now_ += time, instant_ += time; }

 private:
  const Clock* running_ = nullptr;
  Time now_ = from_unix_micros(1'793'610'000'000'000);
  Instant instant_ = Instant(Duration(1h));
};

struct Record {
  std::string id;
  std::map<std::string, std::string> fields;
  bool archived = false;
  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
  }
};

// Whether a request asks for an access token.
inline bool is_of_login(std::string_view url) {
  return url.ends_with("/oauth/v1/token");
}

class Destination {
 public:
  Destination(std::string object, uint64_t requests_per_10s, uint64_t seed);
  // From now on access tokens that it hands out live for seconds or minutes; of some it says that they live
  // longer.
  void let_tokens_expire() { tokens_expire_ = true; }

  WorldClock& clock() { return clock_; }
  ServerReply handle(const std::string& method, const std::string& target, std::string body,
                     const std::string& token);
  std::vector<Record> records() { return records(object_); }  // archived ones too
  std::vector<Record> records(const std::string& object);

  // Other writers. Fields as JSON: {"other":"7"}. Empty id: it was refused.
  std::string create(const std::string& fields);
  void update(const std::string& id, const std::string& fields);
  void archive(const std::string& id);

 private:
  struct Token {
    std::string text;
    Instant until;
  };
  ServerReply ask(const std::string& method, const std::string& target, std::string body,
                  const std::string& token);
  void end_tokens();
  void note_token(ServerReply& reply);

  std::string object_;
  Random random_;
  bool tokens_expire_ = false;
  std::vector<Token> tokens_;
  WorldClock clock_;
  std::unique_ptr<sandbox::Engine> engine_;
};

}  // namespace penstock::sim
