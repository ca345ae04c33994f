// A destination that is only played: it hears requests behind the HTTP seam and answers each as the
// connector's rules say that a good one is answered, unless it is told to do something else.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/sim_loop.h"
#include "connector/job.h"
#include "deliver/deliver.h"
#include "net/http.h"
#include "rehearse/made_reply.h"

namespace penstock::rehearse {

// A row as requests and replies name it.
struct KnownRow {
  std::string match{}, record_id{}, once{};
  std::vector<std::string> matches{};  // all of its match values
  std::map<std::string, std::string> fields{};
};

// A request, understood.
struct Heard {
  const HttpRequest& request;
  const connector::BoundOperation* operation = nullptr;  // that carries rows, or whose job is spoken of
  connector::JobPart part = connector::JobPart::upload;  // upload: the operation's own request
  std::string job{};
  size_t result = 0;           // of a result: which
  std::vector<size_t> rows{};  // that it carries, or its job does; numbers of known rows, in their order
  connector::SentRows sent{};  // the same rows; borrows from the destination
  size_t number = 0;           // of this request, from 1
};

class Destination final : public HttpClient {
 public:
  // What is answered instead; nullopt: the usual.
  using Instead = std::function<std::optional<HttpOutcome>(const Heard&)>;

  // `rows_in`: which rows a text names; empty: every request is about all of them.
  Destination(Loop& loop, const connector::Target& target, std::vector<KnownRow> rows,
              std::function<std::vector<size_t>(const HttpRequest&)> rows_in = {});

  Task<HttpOutcome> send(HttpRequest request) override;

  Instead instead;
  std::function<bool(size_t row)> is_found;  // by look-ups; empty: none is. References always are, once
  size_t found_times = 1;                    // records for each row that is found
  std::map<size_t, RowWish> wishes;          // what the results of the first job say of these rows
  bool tells_results = true;                 // jobs' lists of results have entries

  struct Kept {
    HttpRequest request;
    const connector::BoundOperation* operation = nullptr;
    connector::JobPart part = connector::JobPart::upload;
    std::vector<size_t> rows;
    int status = 0;
  };
  const std::vector<Kept>& heard() const { return heard_; }
  // What could not be answered: a rule is missing. Empty: nothing.
  const std::string& trouble() const { return trouble_; }
  HttpReply reply(MadeReply made) const;
  HttpOutcome lost(bool may_have_arrived) const;
  const KnownRow& row(size_t number) const { return rows_[number]; }

 private:
  void understand(Heard& heard);
  std::vector<size_t> rows_at_places_in(std::string_view text) const;
  bool is_job_call(Heard& heard);
  bool is_call(const Heard& heard, const connector::JobRequest& request, const std::string& job,
               const std::string& page) const;
  HttpOutcome answer(const Heard& heard);
  HttpOutcome answer_job(const Heard& heard);
  HttpOutcome not_understood(std::string why);
  connector::SentRows sent(const std::vector<size_t>& rows, const connector::BoundOperation& operation) const;
  std::vector<RowWish> result_wishes(const connector::JobResult& rule, const Heard& heard) const;
  std::string polled(const connector::JobRule& rule, const Heard& heard) const;
  std::string results(const connector::JobResult& rule, const Heard& heard) const;

  Loop& loop_;
  const connector::Target& target_;
  std::vector<KnownRow> rows_;
  std::function<std::vector<size_t>(const HttpRequest&)> rows_in_;
  std::vector<const connector::BoundOperation*> operations_;
  std::vector<Kept> heard_;
  std::map<std::string, std::vector<size_t>> jobs_;  // rows of each job, by its id
  uint64_t jobs_begun_ = 0;
  std::string trouble_;
};

// The scheme and host that an address begins with.
std::string_view origin_of(std::string_view url);

// What came of a delivery.
struct Played {
  Result<void> ended;
  std::map<uint64_t, RowOutcome> outcomes;  // by the rows' ordinals
  DeliveryProgress progress;
  Duration took{};
};
struct PlayParts {
  SimLoop& loop;
  Destination& destination;
  const connector::Target& target;
  const Router& router;
  DeliveryOptions options{};
};
// Delivers the rows, on a disk in memory and without a login.
Played play(PlayParts parts, RowSource& rows);

// A chunk of rows that a query gives: ordinal, change, key, key_hi, key_lo, fingerprint, record_id,
// match_before, send, then match and fields.
class QueriedRows final : public RowSource {
 public:
  static Result<QueriedRows> open(duck::Connection& connection, const std::string& sql,
                                  std::vector<ValueType> match, std::vector<ValueType> fields);
  Task<Result<std::shared_ptr<const PlanChunk>>> next() override;
  Result<std::shared_ptr<const PlanChunk>> read();

 private:
  QueriedRows(duck::Rows rows, std::vector<ValueType> match, std::vector<ValueType> fields)
      : rows_(std::move(rows)), match_(std::move(match)), fields_(std::move(fields)) {}
  duck::Rows rows_;
  std::vector<ValueType> match_, fields_;
};

}  // namespace penstock::rehearse
