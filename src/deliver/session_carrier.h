// Carries all rows of a plan in one session at the destination: it is begun, the rows travel in parts, one
// after another, and a last request puts the whole in the place of what was there. No row counts before that;
// when the session does not come to its end the destination holds what it held.
#pragma once

#include "deliver/exchange.h"

namespace penstock {

class SessionCarrier {
 public:
  explicit SessionCarrier(Delivery& delivery);
  Task<void> carry(RowSource& rows);

 private:
  using Batch = std::vector<Row>;
  // What is to be sent until there is an answer.
  struct Ask {
    std::string_view name{};                         // of a request of the session's own
    const connector::JobRequest* request = nullptr;  // likewise
    const Batch* rows = nullptr;                     // of a part
    std::string body{};                              // of a part
    bool once = false;                               // not again when it may have been carried out
  };
  // Rows with the same facts, by their numbers in the plan: [begin, end).
  struct Span {
    uint64_t begin = 0, end = 0;
    size_t facts = 0;  // in facts_
  };

  Task<void> take(RowSource& rows);
  Task<bool> begin();
  Task<bool> send(Batch batch);
  Task<bool> send_part(const Batch& batch, std::vector<Batch>& pending);
  Task<void> commit();
  Task<void> abort();
  Task<std::optional<Exchanged>> insist(Ask ask);
  Task<Exchanged> call(Ask ask);
  void take_part(const Batch& batch, const Exchanged& exchanged);
  Task<void> record(Outcome outcome, Exchanged last);
  Task<void> record(Span span, Outcome outcome, RowOutcome facts);
  void add(uint64_t ordinal, size_t facts);
  void refuse(const Row& row, RowOutcome facts, std::string code, std::string message);
  const connector::SessionRule& rule() const { return *operation_.operation->session; }
  ExchangeParts exchange_parts() const;

  Delivery& delivery_;
  const connector::BoundOperation& operation_;
  // Set by nobody: what is begun is done away with even when the run stops.
  mutable Event never_;
  mutable LimitUser last_user_;
  bool aborting_ = false;
  std::string id_;
  uint64_t part_ = 0, read_ = 0;  // parts begun; rows of the plan
  std::vector<Span> spans_;       // rows that travelled, and those that are gone with the commit
  std::vector<RowOutcome> facts_;
  std::vector<RowOutcome> refused_;  // rows that the destination did not take
  const Batch no_rows_;
};

}  // namespace penstock
