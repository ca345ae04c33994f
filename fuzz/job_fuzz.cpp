// Any bytes as what a destination says of a job. The first byte chooses a shipped connector's job, the second
// where its course begins; then come replies, each with a byte for its status before it and a line of "%%%"
// between them. The course asks only for what the declaration has, and every row that a list names gets a
// verdict.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connector/connector.h"
#include "connector/job.h"

namespace penstock::connector {
namespace {

constexpr int kStatuses[] = {200, 201, 202, 204, 400, 404, 409, 410};

struct Job {
  const Declaration* declaration;
  const JobRule* rule;
};

// Every job that a shipped connector declares.
const std::vector<Job>& jobs() {
  static const Catalog catalog;
  static const std::vector<Job> all = [] {
    std::vector<Job> found;
    for (const auto& name : catalog.names()) {
      const Declaration& declaration = catalog.find(name)->declaration();
      for (const auto& operation : declaration.operations)
        if (operation.value.job) found.push_back({&declaration, &*operation.value.job});
    }
    return found;
  }();
  return all;
}

// Replies, one after another.
class Replies {
 public:
  explicit Replies(std::string_view rest) : rest_(rest) {}
  bool next(int& status, std::string_view& body) {
    constexpr std::string_view kBetween = "\n%%%\n";
    if (rest_.empty()) return false;
    status = kStatuses[static_cast<uint8_t>(rest_[0]) % std::size(kStatuses)];
    rest_.remove_prefix(1);
    body = rest_.substr(0, rest_.find(kBetween));
    rest_.remove_prefix(std::min(body.size() + kBetween.size(), rest_.size()));
    return true;
  }

 private:
  std::string_view rest_;
};

void try_result(const JobResult& rule, std::string_view text) {
  const SentRows sent{.count = 3,
                      .match = [](size_t row) { return std::string(1, static_cast<char>('a' + row)); },
                      .record_id = [](size_t row) { return std::to_string(row); },
                      .once = [](size_t row) { return std::to_string(row); },
                      .field = [](size_t, const std::string&) { return "x"; }};
  std::vector<std::optional<RowReading>> rows(sent.count);
  const auto read = read_job_result(rule, "email", text, sent, rows);
  check(read.ok() || !read.error().message.empty(), "what is not read has a reason");
  check(rows.size() == sent.count, "the rows are those that were sent");
  for (const auto& row : rows)
    check(!row || (row->verdict != Verdict::rows && row->verdict != Verdict::split), "a verdict about a row");
}

void check_send(const JobRule& rule, const JobSend& send) {
  check(send.part != JobPart::create || rule.create, "a job is made where that is declared");
  check(send.part != JobPart::start || rule.start, "a job is started where that is declared");
  check(send.part != JobPart::result || send.result < rule.results.size(), "a list that is declared");
}

JobNext first_step(JobCourse& course, uint8_t which) {
  switch (which % 4) {
    case 0:
      return course.begin();
    case 1:
      return course.resume_unstarted("j");
    case 2:
      return course.resume_starting("j");
    default:
      return course.resume_running("j");
  }
}

// The reply as delivery reads it: the rules of the request, then what it means for the course.
JobReply reply_to(const Job& job, const JobSend& send, int status, std::string_view body) {
  const auto request = [&]() -> const JobRequest& {
    if (send.part == JobPart::create) return *job.rule->create;
    if (send.part == JobPart::start) return *job.rule->start;
    if (send.part == JobPart::result) return job.rule->results[send.result];
    return *job.rule->poll;
  };
  const ReplyReading reading = read_job_reply(request(), *job.declaration, status, body);
  return {reading.verdict == Verdict::accepted, status, body, reading.code, reading.message};
}

void try_course(const Job& job, uint8_t start, Replies replies) {
  JobCourse course(*job.rule);
  JobNext next = first_step(course, start);
  Duration age{};
  int status = 0;
  std::string_view body;
  while (!std::holds_alternative<JobOver>(next)) {
    if (const auto* wait = std::get_if<JobWait>(&next)) {
      check(wait->pause > Duration(0), "a wait takes time");
      age += wait->pause;
      next = course.waited(age);
    } else if (const auto* read = std::get_if<JobRead>(&next)) {
      try_result(job.rule->results.at(read->result), course.last_poll());
      next = course.read();
    } else {
      const JobSend send = std::get<JobSend>(next);
      check_send(*job.rule, send);
      if (!replies.next(status, body)) return;
      if (send.part == JobPart::result) try_result(job.rule->results[send.result], body);
      next = course.replied(send, reply_to(job, send, status, body));
    }
  }
  const auto& over = std::get<JobOver>(next);
  check(over.how == JobOver::How::done || !over.message.empty(), "an end has a reason");
}

}  // namespace
}  // namespace penstock::connector

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::connector;
  if (size < 2) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  try_course(jobs()[data[0] % jobs().size()], data[1], Replies(rest));
  return 0;
}
