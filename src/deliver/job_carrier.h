// Carries one batch through one step as a job at the destination: makes it, sends the rows, sets it to work,
// asks until it has ended, and reads what became of each row. What is to be done next is the course's to say
// (connector/job.h); here are the requests, the clock and the journal.
#pragma once

#include "connector/job.h"
#include "deliver/exchange.h"

namespace penstock {

class JobCarrier {
 public:
  // `operation`: null when the connector has it no more.
  JobCarrier(Delivery& delivery, Step step, const connector::BoundOperation* operation)
      : delivery_(delivery), step_(step), operation_(operation) {}
  Task<void> carry(std::vector<Row> batch);
  Task<void> carry_on(LeftJob left);

 private:
  using Batch = std::vector<Row>;
  struct Job;
  // How a job is left: with its course over, or at the destination, for another process.
  using Ended = std::optional<connector::JobOver>;

  const connector::JobRule& rule() const { return *operation_->operation->job; }
  Task<void> attempt(Batch batch);
  Task<Ended> follow(Job& job, connector::JobNext next);
  Task<std::optional<connector::JobNext>> upload(Job& job);
  Task<std::optional<connector::JobNext>> ask(Job& job, connector::JobSend send);
  Task<Exchanged> call(Job& job, connector::JobPart part, const connector::JobRequest& request,
                       std::string page);
  Duration first_pause(Duration declared) const;
  // Sleeps, but not on when the run ends.
  Task<void> pause(Duration duration);
  ExchangeParts exchange_parts(const Job& job) const;
  Task<void> dismiss(Job& job, bool started);
  Result<void> read_result(Job& job, size_t result, std::string_view text);

  Task<bool> record_begun(Job& job, JobStage stage);
  Task<bool> record(Job& job, JobStage stage, std::vector<uint64_t> let_go = {});
  void take_upload(Job& job, Exchanged& exchanged, std::vector<size_t>& let_go);
  Task<void> conclude(Job& job, const connector::JobOver& over);
  void give_back(Batch rows, const Exchanged& exchanged, bool effect_unknown);
  void lose(Job& job, const connector::JobOver& over);
  void leave(Job& job);
  void abandon(Batch batch);
  void split(Batch batch);
  bool is_hopeless(const Row& row) const;
  void show(const Job& job);

  Delivery& delivery_;
  Step step_;
  const connector::BoundOperation* operation_;
  std::vector<Batch> pending_;  // still to be carried, the next one last
  Duration pause_{};            // before the next job
};

}  // namespace penstock
