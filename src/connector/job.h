// The course of an asynchronous job: a state machine that is told what came back and says what to do next. No
// I/O, no clock.
//
//   create -> upload -> start -> (wait -> poll)* -> result* -> over
//
// Parts that the declaration leaves out are passed over.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "connector/reply.h"

namespace penstock::connector {

enum class JobPart : uint8_t { create, upload, start, poll, result, abort, end };
std::string_view name_of(JobPart part);

// Send this request.
struct JobSend {
  JobPart part = JobPart::poll;
  size_t result = 0;      // of a result: which
  std::string page = {};  // its further page, or its address
};
// Wait so long, then say waited().
struct JobWait {
  Duration pause{};
};
// Read this list, which the last poll's reply holds already, then say read().
struct JobRead {
  size_t result = 0;
};
struct JobOver {
  enum class How : uint8_t {
    done,       // rows that no result named are `unnamed`
    failed,     // they are `unnamed_failed`
    refused,    // before any row could be written
    unstarted,  // it was left before it was set to work: no row was written
    lost,       // what became of the rest cannot be found out any more
  };
  How how = How::done;
  std::string code = {}, message = {};
};
using JobNext = std::variant<JobSend, JobWait, JobRead, JobOver>;

// What came back, when it is about the job: not throttled, no login, no 5xx.
struct JobReply {
  bool accepted = true;
  int status = 0;
  std::string_view body;
  std::string code, message;  // of a refusal
};

class JobCourse {
 public:
  // The rule must outlive the course.
  explicit JobCourse(const JobRule& rule) : rule_(&rule) {}

  JobNext begin() const;
  // A job that an earlier process left: its rows may or may not have travelled, but it was not started; it
  // may or may not have been started; it was.
  JobNext resume_unstarted(std::string id);
  JobNext resume_starting(std::string id);
  JobNext resume_running(std::string id);

  // After a JobSend of any part but abort and end.
  JobNext replied(const JobSend& sent, const JobReply& reply);
  // After a JobWait. `age`: since the job was begun.
  JobNext waited(Duration age) const;
  // After a JobRead.
  JobNext read() { return next_result(); }

  const std::string& id() const { return id_; }
  // Whether a row may have been written before `start` was asked for.
  bool upload_is_start() const { return !rule_->start; }
  // As the last poll said.
  const std::string& state() const { return state_; }
  std::optional<uint64_t> processed() const { return processed_; }
  std::optional<uint64_t> total() const { return total_; }
  const std::string& last_poll() const { return last_poll_; }

 private:
  JobNext uploaded(const JobReply& reply);
  JobNext polled(const JobReply& reply);
  JobNext result_replied(const JobSend& sent, const JobReply& reply);
  JobNext next_result();
  JobNext wait();
  Result<std::string> id_in(const JobReply& reply) const;

  const JobRule* rule_;
  std::string id_, state_, last_poll_;
  std::optional<uint64_t> processed_, total_;
  bool may_be_open_ = false;  // whether `start` arrived is not known
  Duration pause_{};
  size_t results_ = 0;  // asked for so far
  JobOver over_;        // how it ended, while its results are read
};

}  // namespace penstock::connector
