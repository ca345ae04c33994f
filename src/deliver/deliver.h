// Delivery: the rows of a plan become outcomes in the journal. The face of this folder.
//
//     rows of the plan -> Router (what next?) -> queues, one a step -> batches -> Exchange (limits, retries)
//     -> Router
//
// Memory is bounded: so many rows are under way at once, and the reader of the plan waits for them.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "async/sync.h"
#include "base/random.h"
#include "connector/connector.h"
#include "deliver/latencies.h"
#include "deliver/rate_limits.h"
#include "deliver/references.h"
#include "deliver/retry.h"
#include "deliver/route.h"
#include "deliver/row.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "login/access.h"
#include "net/http.h"

namespace penstock {

// Where rows come from, chunk by chunk; nullptr at the end.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual Task<Result<std::shared_ptr<const PlanChunk>>> next() = 0;
};

// A request that has ended, for those who count. Borrows its text.
struct SentRequest {
  std::string_view operation;
  int status = 0;  // 0: no reply
  Duration latency{};
  bool throttled = false;  // refused as too fast
};
using OnSent = std::function<void(const SentRequest&)>;

struct DeliveryOptions {
  std::string run;                     // its id, for requests that name it
  uint64_t concurrency = 16;           // requests at once
  double weight = 1;                   // turns among the syncs that wait for one account
  std::optional<uint64_t> batch_rows;  // fewer than the operation allows
  RetryPolicy retry;
  Timeouts timeouts;
  uint64_t sample_every = 100;  // of so many successful requests one is kept with its bodies
  OnSent on_sent = {};          // called on the loop's thread
};

// A job at the destination while it works.
struct JobProgress {
  std::string id, state;
  uint64_t rows = 0;
  std::optional<uint64_t> processed, total;  // as the destination counts
};

// Rows that wait before a step, and so many of them that the steps ahead of it wait, too. Of the queues the
// fullest stands before the step that holds the others back.
struct StepQueue {
  // lookup: of records, before anything is written. deliver: for a full batch, a connection or a turn in the
  // limits; requests and jobs that are at the destination do not count. ledger: outcomes on their way to the
  // disk.
  std::string_view step;
  uint64_t rows = 0;
  uint64_t capacity = 0;
};

// Where a delivery stands; read on the loop's thread at any time.
struct DeliveryProgress {
  OutcomeCounts outcomes;
  uint64_t requests = 0, throttled = 0, retries = 0;
  uint64_t in_flight = 0;  // requests
  uint64_t rows_read = 0;
  uint64_t equal = 0;        // rows that were not written, since the destination says so already
  uint64_t kept_fields = 0;  // values of others that were left alone
  std::map<uint64_t, JobProgress> jobs{};  // those that work now, by their number in the run
  uint64_t jobs_begun = 0;
  std::vector<StepQueue> queues{};  // a step that this delivery does not have, or cannot tell of, is absent
  std::optional<Latencies> latencies{};  // of the last requests; nullopt: none has ended
};

// What is counted while it goes on, and told as progress in another form.
struct DeliveryCounts : DeliveryProgress {
  LatencyWindow window{};
  uint64_t looked_for = 0, written = 0;  // rows in requests that are under way: look-ups, and others
};

// A job that an earlier process left, with its rows as they lie in the upload.
struct LeftJob {
  UnfinishedJob journal;
  std::vector<Row> rows;
};

// What a delivery is given. Everything outlives it; `rows` is used by one delivery only.
struct DeliveryParts {
  Loop& loop;
  HttpClient& client;
  Access& access;
  const connector::Target& target;
  const Router& router;
  RateLimits& limits;
  Journal& journal;
  Random& random;
  DeliveryOptions options;
};

class Delivery {
 public:
  explicit Delivery(DeliveryParts parts);
  ~Delivery();

  // Ends when every row has its outcome, or after stop(), or when something makes it pointless to go on: then
  // the error says what. Rows without an outcome were not sent.
  Task<Result<void>> run(RowSource& rows);
  // Brings jobs of an earlier process to their end; sends no rows. `numbered`: how far that run had counted.
  // The error says why some could not be.
  Task<Result<void>> resume(std::vector<LeftJob> jobs, const LeftJobs& numbered);
  // Nothing more is sent; what is under way comes to its end. Jobs at the destination are left there.
  void stop();
  // Jobs whose end was not waited for: the journal names them, and resume() finds them again.
  uint64_t jobs_left() const { return jobs_left_; }
  DeliveryProgress progress() const;

 private:
  friend class Carrier;
  friend class JobCarrier;
  friend class SessionCarrier;
  using Batch = std::vector<Row>;

  Task<void> read(RowSource& rows);
  void go(Row row, const Next& next, const RowOutcome& facts);
  void settle(Row row, const Settle& settle, RowOutcome facts);
  // Whether the one record that was found for a removed row got its match value in this run, from another
  // row.
  bool was_passed_on(const Row& row, const std::vector<connector::FoundRecord>& records) const;
  void leave_look_up(Row& row);
  void row_ended();
  void end_unsent(Row row);
  void release_blocked();
  bool is_idle() const;
  void dispatch();
  void send_full(Step step);
  bool feeders_are_busy(Step step) const;
  void send(Step step, size_t rows);
  Task<void> carry(Step step, Batch batch);
  Task<void> carry_on(LeftJob job);
  Task<void> let_all_end();
  Task<void> rows_have_ended();
  Task<void> finish();
  // What must be on disk before these rows may leave the house.
  Task<bool> allow(Step step, const Batch& batch);
  Task<void> note_whereabouts(Step step, Batch& batch);
  Task<void> note_images(Step step, Batch& batch);
  void count_image(const Row& row, const Settle& settle);
  void fail(Error error);
  // Somebody answered.
  void note_success();
  // Nobody does, however often it is asked.
  void fail_as_down(const std::string& why, const char* remedy);
  // After an attempt without an answer: ends the delivery if another one has found out already.
  void fail_if_down();
  bool stopping() const { return stopping_; }
  size_t batch_rows(Step step) const;
  uint64_t rows_at_once(Step step) const;
  Semaphore& permits_of(Step step);
  bool is_limited_by_row(Step step) const;
  std::vector<StepQueue> queues() const;
  uint64_t ledger_capacity() const;

  DeliveryParts parts_;
  LimitUser user_;
  DeliveryCounts progress_;  // requests that are cut off are counted out
  TaskGroup carriers_;
  Semaphore permits_, look_up_permits_, keyed_permits_;
  std::unique_ptr<Semaphore> job_permits_[kSteps];
  Duration job_times_[kSteps] = {};  // from start to end, of the last job that ended well
  References references_;
  std::deque<Row> queues_[kSteps];
  uint64_t carried_[kSteps] = {};  // batches under way or waiting for a permit
  Event room_, done_, stop_;
  std::vector<Row> blocked_;  // rows that follow a record to a match value which another record has
  std::unordered_set<std::string> renamed_;         // records that got another match value in this run
  uint64_t freed_ = 0;                              // rows that may have given up a match value
  uint64_t freed_before_ = 0, blocked_rounds_ = 0;  // when blocked rows were last released; how often
  uint64_t rows_under_way_ = 0;
  uint64_t rows_at_look_up_ = 0;  // of those under way: they wait for a look-up, or are in one
  bool looks_up_ = false;         // some row needed one
  uint64_t rows_in_jobs_ = 0;     // of those under way: in a job that has begun
  uint64_t room_rows_ = 0;        // so many under way, and the plan is not read on; 0: none is read
  uint64_t jobs_left_ = 0;
  bool resuming_ = false;
  bool input_ended_ = false;
  bool stopping_ = false;
  std::optional<Error> failure_;
  Instant last_success_{};
};

}  // namespace penstock
