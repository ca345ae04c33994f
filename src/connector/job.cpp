#include "connector/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "connector/json_path.h"

namespace penstock::connector {
namespace {

using simdjson::dom::element;

// The parser's own memory holds what it read: used within one call.
std::optional<element> parse(simdjson::dom::parser& parser, std::string_view body) {
  element root;
  if (body.empty() || parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS)
    return std::nullopt;
  return root;
}

std::optional<uint64_t> number_at(element root, const std::string& path) {
  const std::string text = text_at(root, path);
  uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

std::string first_text(element root, const std::vector<std::string>& paths) {
  for (const auto& path : paths)
    if (auto text = text_at(root, path); !text.empty()) return text;
  return "";
}

bool holds(const std::vector<std::string>& states, const std::string& state) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

}  // namespace

std::string_view name_of(JobPart part) {
  constexpr std::string_view kNames[] = {"create", "upload", "start", "poll", "result", "abort", "end"};
  return kNames[static_cast<size_t>(part)];
}

JobNext JobCourse::begin() const {
  return JobSend{rule_->create ? JobPart::create : JobPart::upload};
}

JobNext JobCourse::resume_unstarted(std::string id) {
  id_ = std::move(id);
  return JobOver{JobOver::How::unstarted, "", "the job was left before it was set to work"};
}

JobNext JobCourse::resume_starting(std::string id) {
  id_ = std::move(id);
  if (!rule_->start) return JobSend{JobPart::poll};
  may_be_open_ = true;
  // Without a state that tells, it is started once more; a refusal then means that it was.
  return JobSend{rule_->poll->open.empty() ? JobPart::start : JobPart::poll};
}

JobNext JobCourse::resume_running(std::string id) {
  id_ = std::move(id);
  return JobSend{JobPart::poll};
}

JobNext JobCourse::replied(const JobSend& sent, const JobReply& reply) {
  JobOver refused{JobOver::How::refused, reply.code,
                  reply.message.empty() ? fmt::format("the destination answers with status {}", reply.status)
                                        : reply.message};
  switch (sent.part) {
    case JobPart::create: {
      if (!reply.accepted) return refused;
      auto id = id_in(reply);
      if (!id.ok()) return JobOver{JobOver::How::refused, "NO_JOB", id.error().message};
      id_ = *std::move(id);
      return JobSend{JobPart::upload};
    }
    case JobPart::upload:
      return reply.accepted ? uploaded(reply) : refused;
    case JobPart::start:
      if (!reply.accepted && !may_be_open_) return refused;
      may_be_open_ = false;
      return wait();
    case JobPart::poll:
      return polled(reply);
    case JobPart::result:
      return result_replied(sent, reply);
    case JobPart::abort:
    case JobPart::end:
      break;
  }
  die("the reply to a request that no course asks for");
}

JobNext JobCourse::uploaded(const JobReply& reply) {
  if (!rule_->create) {
    auto id = id_in(reply);
    // The rows have arrived, and nobody can be asked about them.
    if (!id.ok()) return JobOver{JobOver::How::lost, "NO_JOB", id.error().message};
    id_ = *std::move(id);
  }
  if (rule_->start) return JobSend{JobPart::start};
  return wait();
}

JobNext JobCourse::polled(const JobReply& reply) {
  if (!reply.accepted)
    return JobOver{JobOver::How::lost, reply.code,
                   fmt::format("the destination does not know the job any more: {}", reply.message)};
  simdjson::dom::parser parser;
  const auto root = parse(parser, reply.body);
  if (!root) return wait();
  state_ = text_at(*root, rule_->poll->state);
  processed_ = number_at(*root, rule_->poll->processed);
  total_ = number_at(*root, rule_->poll->total);
  if (may_be_open_ && holds(rule_->poll->open, state_)) return JobSend{JobPart::start};
  may_be_open_ = false;
  const bool done = holds(rule_->poll->done, state_), failed = holds(rule_->poll->failed, state_);
  if (!done && !failed) return wait();
  last_poll_ = reply.body;
  over_ = {done ? JobOver::How::done : JobOver::How::failed, first_text(*root, rule_->poll->code),
           first_text(*root, rule_->poll->message)};
  if (over_.message.empty() && !done) over_.message = fmt::format("the job is {}", state_);
  return next_result();
}

JobNext JobCourse::result_replied(const JobSend& sent, const JobReply& reply) {
  if (!reply.accepted)
    return JobOver{JobOver::How::lost, reply.code,
                   fmt::format("the job's results cannot be had: {}", reply.message)};
  const JobResult& rule = rule_->results[sent.result];
  if (rule.next.empty()) return next_result();
  simdjson::dom::parser parser;
  const auto root = parse(parser, reply.body);
  std::string page = root ? text_at(*root, rule.next) : "";
  if (page.empty() || page == sent.page) return next_result();
  return JobSend{JobPart::result, sent.result, std::move(page)};
}

JobNext JobCourse::next_result() {
  simdjson::dom::parser parser;
  const auto root = parse(parser, last_poll_);
  check(root.has_value(), "the last poll's reply was read before");
  while (results_ < rule_->results.size()) {
    const size_t number = results_++;
    const JobResult& rule = rule_->results[number];
    const bool spared = std::any_of(rule.unless.begin(), rule.unless.end(), [&](const auto& condition) {
      return text_at(*root, condition.name) == condition.value;
    });
    if (spared) continue;
    if (rule.request->empty() && rule.url.empty()) return JobRead{number};
    std::string address = text_at(*root, rule.url);
    if (rule.request->empty() && address.empty()) continue;  // there is nothing to tell
    return JobSend{JobPart::result, number, std::move(address)};
  }
  return over_;
}

JobNext JobCourse::wait() {
  const JobPoll& poll = *rule_->poll;
  pause_ = pause_ == Duration(0) ? poll.pause : std::min(pause_ + pause_ / 2, poll.pause_max);
  return JobWait{pause_};
}

JobNext JobCourse::waited(Duration age) const {
  if (age >= rule_->poll->give_up)
    return JobOver{JobOver::How::lost, "JOB_TIMED_OUT",
                   fmt::format("the job has not come to its end, it is still '{}'", state_)};
  return JobSend{JobPart::poll};
}

Result<std::string> JobCourse::id_in(const JobReply& reply) const {
  simdjson::dom::parser parser;
  const auto root = parse(parser, reply.body);
  std::string id = root ? text_at(*root, rule_->id) : "";
  if (id.empty())
    return Error{ErrorKind::transient, fmt::format("the reply has no job at '{}'", rule_->id), ""};
  return id;
}

}  // namespace penstock::connector
