#include "ledger/load_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace penstock {
namespace {

constexpr const char* kRequestTable = R"(
CREATE TEMP TABLE requests(request UBIGINT, operation VARCHAR, method VARCHAR, url VARCHAR, rows UBIGINT, status BIGINT,
                      error VARCHAR, "at" TIMESTAMP, latency_ms DOUBLE, request_body VARCHAR, reply_body VARCHAR,
                      request_headers VARCHAR, reply_headers VARCHAR);
)";

duck::Appender& add_text(duck::Appender& appender, const std::string& text) {
  return text.empty() ? appender.add_null() : appender.add(text);
}

// Takes the records one by one.
class Loader {
 public:
  Loader(LoadedJournal& journal, duck::Appender requests)
      : journal_(journal), requests_(std::move(requests)) {}

  Result<void> take(std::string_view bytes) {
    auto record = decode_record(bytes);
    if (!record.ok()) return record.error();
    if (const auto* group = std::get_if<OutcomeGroup>(&*record)) journal_.outcomes.add(bytes, *group);
    if (const auto* before = std::get_if<BeforeImages>(&*record)) journal_.images.add(bytes, *before);
    return std::visit([this](const auto& one) { return add(one); }, *record);
  }
  Result<void> close() {
    add_jobs();
    if (auto closed = requests_.close(); !closed.ok()) return closed;
    journal_.images.complete();
    return journal_.outcomes.complete();
  }
  // A run that ended in an orderly way says that what has no outcome was not sent, but for its jobs.
  bool leaves_doubts() const { return !journal_.settled.end || journal_.settled.has_unfinished_jobs; }
  // The process died: what may have been under way and has no outcome is in doubt.
  void doubt(uint64_t planned_rows, Time now) {
    Settled& settled = journal_.settled;
    std::erase_if(intended_, [&](uint64_t row) { return row >= planned_rows; });
    RowOutcome doubt;
    doubt.outcome = Outcome::in_doubt;
    doubt.operation = "unknown";
    doubt.attempt = 1;
    doubt.message = "penstock was stopped before the reply came";
    doubt.at = now;
    doubt.effect_unknown = true;
    const uint64_t through = settled.end ? 0 : std::min(intended_through_, planned_rows);
    settled.outcomes.in_doubt += journal_.outcomes.add_others(through, std::move(intended_), doubt);
  }

 private:
  // Rows of jobs that were set to work and have not ended are in doubt, as are rows with an intent.
  void add_jobs() {
    for (const auto& [number, job] : jobs_) {
      if (job.stage != JobStage::starting && job.stage != JobStage::running) continue;
      journal_.settled.has_unfinished_jobs = true;
      intended_.insert(intended_.end(), job.rows.begin(), job.rows.end());
    }
  }
  Result<void> add(const RunFacts& facts) {
    journal_.settled.facts = facts;
    return success();
  }
  Result<void> add(const RunEnd& end) {
    journal_.settled.end = end;
    return success();
  }
  Result<void> add(const Intent& intent) {
    intended_through_ = std::max(intended_through_, intent.through);
    intended_.insert(intended_.end(), intent.rows.begin(), intent.rows.end());
    return success();
  }
  Result<void> add(const Whereabouts& learned) {
    for (size_t i = 0; i < learned.rows.size(); ++i)
      journal_.whereabouts.insert_or_assign(learned.rows[i], learned.record_ids[i]);
    return success();
  }
  Result<void> add(const BeforeImages&) { return success(); }  // by its bytes
  Result<void> add(const JobRecord& record) {
    const auto [job, is_new] = jobs_.try_emplace(record.number, record);
    if (is_new) return success();
    job->second.stage = record.stage;
    const std::set<uint64_t> let_go(record.rows.begin(), record.rows.end());
    if (!let_go.empty()) std::erase_if(job->second.rows, [&](uint64_t row) { return let_go.contains(row); });
    return success();
  }
  Result<void> add(const OutcomeGroup& group) {
    journal_.settled.outcomes.add(group.shared.outcome, group.rows.size());
    return success();
  }
  Result<void> add(const RequestRecord& r) {
    ++journal_.settled.requests;
    requests_.add(r.number).add(r.operation).add(r.method).add(r.url).add(r.rows).add(int64_t{r.status});
    add_text(requests_, r.error).add_time(unix_micros(r.at)).add(in_milliseconds(r.latency));
    add_text(add_text(requests_, r.request_body), r.reply_body);
    return add_text(add_text(requests_, r.request_headers), r.reply_headers).end_row();
  }

  LoadedJournal& journal_;
  duck::Appender requests_;
  uint64_t intended_through_ = 0;
  std::vector<uint64_t> intended_;
  std::map<uint64_t, JobRecord> jobs_;
};

}  // namespace

Result<LoadedJournal> load_journal(duck::Connection& connection, Disk& disk, const std::string& journal,
                                   const std::string& plan, Time now) {
  if (auto created = connection.run(kRequestTable); !created.ok()) return created.error();
  auto requests = duck::Appender::open(connection, "requests");
  if (!requests.ok()) return requests.error();
  auto file = disk.map(journal);
  if (!file.ok()) return file.error();
  LoadedJournal loaded{
      .file = *std::move(file), .settled = {}, .outcomes = {}, .whereabouts = {}, .images = {}};
  Loader loader(loaded, *std::move(requests));
  auto report = read_log(*loaded.file, journal, [&](std::string_view bytes) { return loader.take(bytes); });
  if (!report.ok()) return report.error();
  if (auto closed = loader.close(); !closed.ok()) return closed.error();
  if (!loader.leaves_doubts()) return loaded;
  const auto planned = disk.exists(plan);
  if (!planned.ok()) return planned.error();
  if (!*planned) return loaded;
  const auto rows =
      connection.number(fmt::format("SELECT count(*) FROM read_parquet({})", duck::quote_text(plan)));
  if (!rows.ok()) return rows.error();
  loader.doubt(*rows, now);
  return loaded;
}

}  // namespace penstock
