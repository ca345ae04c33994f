// The journal of one run: outcomes made durable in groups, intents made durable before anything is sent.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/loop.h"
#include "async/sync.h"
#include "base/disk.h"
#include "ledger/log_file.h"
#include "ledger/records.h"

namespace penstock {

// Belongs to a loop's thread. Records are written and synced on another thread, one group at a time: while
// one group is on its way to the disk the next one gathers, and for a few milliseconds more if nobody waits
// for it.
class Journal {
 public:
  // Creates the file; the facts are durable when this returns. `loop` must outlive the journal.
  static Result<std::unique_ptr<Journal>> create(Loop& loop, Disk& disk, const std::string& path,
                                                 const RunFacts& facts);
  // Goes on with the journal of a run that did not come to its end.
  static Result<std::unique_ptr<Journal>> reopen(Loop& loop, Disk& disk, const std::string& path);
  ~Journal();

  // Takes the record; it will be durable soon. After a failure of the disk nothing more is taken: failure().
  void add(const JournalRecord& record);
  // The same for what became of a row. Rows that share their end are kept as one record.
  void add(const RowOutcome& outcome);
  // Everything added so far is durable when this gives true; false: the disk failed.
  Task<bool> durable();
  // Rows numbered below `through` may be sent once this gives true. Asks for more than it is asked, so that
  // it rarely has to wait.
  Task<bool> allow_through(uint64_t through);
  // These very rows may be sent once this gives true.
  Task<bool> allow_rows(std::vector<uint64_t> rows);
  // Whether what is allowed may still be sent: asked once more before each request.
  bool may_send() { return !is_lost(); }
  // Outcomes of rows that were added and are not on disk yet.
  uint64_t rows_waiting() const { return rows_added_ - rows_durable_; }
  // So many rows ahead of those that are sent are declared to be under way: after a crash all of them are
  // sent again, and until then no request waits for the disk.
  static constexpr uint64_t kRowsAhead = 20'000;
  // Set when the disk failed, or the lease of the run was lost: the run must stop.
  const Error* failure() const { return failure_ ? &*failure_ : nullptr; }

 private:
  Journal(Loop& loop, LogWriter writer)
      : loop_(loop), writer_(std::move(writer)), flushed_(loop), wanted_(loop) {}
  bool is_lost();
  void close_group();
  void begin_to_flush();
  Task<void> flush_all();
  Task<void> wait_for(uint64_t records);

  Loop& loop_;
  LogWriter writer_;  // touched by one flush at a time
  std::vector<std::string> pending_;
  OutcomeGroup group_;                          // the outcomes that came last; behind those that are pending
  uint64_t added_ = 0;                          // records and outcomes taken
  uint64_t durable_ = 0;                        // of which are on disk
  uint64_t rows_added_ = 0, rows_durable_ = 0;  // outcomes only
  uint64_t allowed_ = 0;                        // the newest intent: rows numbered below
  uint64_t allowed_record_ = 0;                 // the record that declares it
  uint64_t allowed_durably_ = 0;                // rows whose intent is known to be on disk
  bool flushing_ = false;
  Event flushed_;
  size_t waiting_ = 0;  // for something to be durable
  Event wanted_;
  std::optional<Error> failure_;
};

}  // namespace penstock
