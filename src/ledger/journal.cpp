#include "ledger/journal.h"

#include "async/interruptible.h"

namespace penstock {
namespace {

// A sync of the disk costs the same for one outcome and for thousands. What a crash takes is so much less
// known.
constexpr Duration kGather = 5ms;

Result<void> write_group(LogWriter& writer, const std::vector<std::string>& group) {
  for (const auto& record : group)
    if (auto appended = writer.append(record); !appended.ok()) return appended;
  return writer.sync();
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::create(Loop& loop, Disk& disk, const std::string& path,
                                                 const RunFacts& facts) {
  auto writer = LogWriter::create(disk, path, facts.run);
  if (!writer.ok()) return writer.error();
  if (auto written = write_group(*writer, {encode_record(facts)}); !written.ok()) return written.error();
  return std::unique_ptr<Journal>(new Journal(loop, *std::move(writer)));
}

Result<std::unique_ptr<Journal>> Journal::reopen(Loop& loop, Disk& disk, const std::string& path) {
  auto report = read_log(disk, path, [](std::string_view) { return success(); });
  if (!report.ok()) return report.error();
  auto writer = LogWriter::reopen(disk, path, *report, report->id);
  if (!writer.ok()) return writer.error();
  return std::unique_ptr<Journal>(new Journal(loop, *std::move(writer)));
}

Journal::~Journal() = default;

void Journal::add(const JournalRecord& record) {
  if (failure_) return;
  close_group();
  pending_.push_back(encode_record(record));
  ++added_;
  begin_to_flush();
}

void Journal::add(const RowOutcome& outcome) {
  if (failure_) return;
  if (group_.takes(outcome)) {
    group_.add(outcome);
  } else {
    close_group();
    group_ = OutcomeGroup::of(outcome);
  }
  ++added_;
  ++rows_added_;
  begin_to_flush();
}

void Journal::close_group() {
  if (group_.rows.empty()) return;
  pending_.push_back(encode_record(group_));
  group_ = {};
}

void Journal::begin_to_flush() {
  if (flushing_) return;
  flushing_ = true;
  flushed_.reset();
  loop_.spawn(flush_all());
}

Task<void> Journal::flush_all() {
  for (;;) {
    close_group();
    if (pending_.empty() || failure_) break;
    if (waiting_ == 0) {
      wanted_.reset();
      co_await interruptible_sleep(loop_, loop_.now() + kGather, wanted_);
      close_group();
    }
    auto group = std::make_shared<std::vector<std::string>>(std::move(pending_));
    pending_.clear();
    const uint64_t through = added_, rows_through = rows_added_;
    auto written = co_await loop_.offload([this, group] { return write_group(writer_, *group); });
    if (!written.ok()) {
      failure_ = written.error();
    } else {
      durable_ = through;
      rows_durable_ = rows_through;
    }
    flushed_.set();
    flushed_.reset();
  }
  flushing_ = false;
  flushed_.set();
}

Task<bool> Journal::durable() {
  co_await wait_for(added_);
  co_return !failure_;
}

Task<void> Journal::wait_for(uint64_t records) {
  ++waiting_;
  wanted_.set();
  // After a failure the group on its way is waited for all the same: nobody may forget the journal under it.
  while (failure_ ? flushing_ : durable_ < records) co_await flushed_.wait();
  --waiting_;
}

// A process that was paused, or cut off, may go on when the run is somebody else's already.
bool Journal::is_lost() {
  if (!failure_)
    if (auto lost = writer_.lost()) failure_ = *std::move(lost);
  return failure_.has_value();
}

Task<bool> Journal::allow_through(uint64_t through) {
  if (is_lost()) co_return false;
  if (through + kRowsAhead / 2 > allowed_) {
    if (durable_ >= allowed_record_) allowed_durably_ = allowed_;
    allowed_ = through + kRowsAhead;
    add(Intent{.through = allowed_, .rows = {}});
    allowed_record_ = added_;
  }
  if (through <= allowed_durably_) co_return !is_lost();
  const uint64_t record = allowed_record_, allowed = allowed_;
  co_await wait_for(record);
  if (!failure_ && allowed > allowed_durably_) allowed_durably_ = allowed;
  co_return !is_lost();
}

Task<bool> Journal::allow_rows(std::vector<uint64_t> rows) {
  if (is_lost()) co_return false;
  add(Intent{.through = 0, .rows = std::move(rows)});
  co_await durable();
  co_return !is_lost();
}

}  // namespace penstock
