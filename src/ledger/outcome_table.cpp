#include "ledger/outcome_table.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace penstock {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE outcomes(ordinal UBIGINT, outcome UBIGINT, operation VARCHAR, attempt UBIGINT, status BIGINT, code VARCHAR,
                      message VARCHAR, record_id VARCHAR, request UBIGINT, "at" TIMESTAMP, latency_ms DOUBLE,
                      is_foreign BOOLEAN, effect_unknown BOOLEAN);
CREATE TABLE requests(request UBIGINT, operation VARCHAR, method VARCHAR, url VARCHAR, rows UBIGINT, status BIGINT,
                      error VARCHAR, "at" TIMESTAMP, latency_ms DOUBLE, request_body VARCHAR, reply_body VARCHAR);
CREATE TABLE intents(row UBIGINT);
CREATE TABLE whereabouts(row UBIGINT, record VARCHAR);
)";

double in_milliseconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

duck::Appender& add_text(duck::Appender& appender, const std::string& text) {
  return text.empty() ? appender.add_null() : appender.add(text);
}

// Takes the records one by one.
class Loader {
 public:
  Loader(Settled& settled, duck::Appender outcomes, duck::Appender requests, duck::Appender intents,
         duck::Appender whereabouts)
      : settled_(settled),
        outcomes_(std::move(outcomes)),
        requests_(std::move(requests)),
        intents_(std::move(intents)),
        whereabouts_(std::move(whereabouts)) {}

  Result<void> take(std::string_view bytes) {
    auto record = decode_record(bytes);
    if (!record.ok()) return record.error();
    return std::visit([this](const auto& one) { return add(one); }, *record);
  }
  Result<void> close() {
    for (auto* appender : {&outcomes_, &requests_, &intents_, &whereabouts_})
      if (auto closed = appender->close(); !closed.ok()) return closed;
    return success();
  }
  uint64_t through() const { return through_; }
  // Rows of jobs that were set to work and have not ended are in doubt, as are rows with an intent.
  Result<void> add_jobs() {
    for (const auto& [number, job] : jobs_) {
      if (job.stage != JobStage::starting && job.stage != JobStage::running) continue;
      settled_.has_unfinished_jobs = true;
      for (const uint64_t row : job.rows)
        if (auto added = intents_.add(row).end_row(); !added.ok()) return added;
    }
    return success();
  }

 private:
  Result<void> add(const RunFacts& facts) {
    settled_.facts = facts;
    return success();
  }
  Result<void> add(const RunEnd& end) {
    settled_.end = end;
    return success();
  }
  Result<void> add(const Intent& intent) {
    through_ = std::max(through_, intent.through);
    for (const uint64_t row : intent.rows)
      if (auto added = intents_.add(row).end_row(); !added.ok()) return added;
    return success();
  }
  Result<void> add(const Whereabouts& learned) {
    for (size_t i = 0; i < learned.rows.size(); ++i)
      if (auto added = whereabouts_.add(learned.rows[i]).add(learned.record_ids[i]).end_row(); !added.ok())
        return added;
    return success();
  }
  Result<void> add(const JobRecord& record) {
    const auto [job, is_new] = jobs_.try_emplace(record.number, record);
    if (is_new) return success();
    job->second.stage = record.stage;
    const std::set<uint64_t> let_go(record.rows.begin(), record.rows.end());
    if (!let_go.empty()) std::erase_if(job->second.rows, [&](uint64_t row) { return let_go.contains(row); });
    return success();
  }
  Result<void> add(const RowOutcome& o) {
    settled_.outcomes.add(o.outcome);
    outcomes_.add(o.ordinal).add(static_cast<uint64_t>(o.outcome)).add(o.operation).add(uint64_t{o.attempt});
    outcomes_.add(int64_t{o.status});
    add_text(add_text(add_text(outcomes_, o.code), o.message), o.record_id);
    outcomes_.add(o.request).add_time(unix_micros(o.at)).add(in_milliseconds(o.latency));
    return outcomes_.add_bool(o.foreign).add_bool(o.effect_unknown).end_row();
  }
  Result<void> add(const RequestRecord& r) {
    ++settled_.requests;
    requests_.add(r.number).add(r.operation).add(r.method).add(r.url).add(r.rows).add(int64_t{r.status});
    add_text(requests_, r.error).add_time(unix_micros(r.at)).add(in_milliseconds(r.latency));
    return add_text(add_text(requests_, r.request_body), r.reply_body).end_row();
  }

  Settled& settled_;
  duck::Appender outcomes_, requests_, intents_, whereabouts_;
  uint64_t through_ = 0;
  std::map<uint64_t, JobRecord> jobs_;
};

// The process died: what may have been under way and has no outcome is in doubt.
Result<void> doubt(duck::Connection& connection, const std::string& plan, uint64_t through, Time now,
                   Settled& settled) {
  auto doubted = connection.run(
      fmt::format("INSERT INTO outcomes SELECT ordinal, {}, 'unknown', 1, 0, NULL, 'penstock was stopped "
                  "before the reply came', NULL, 0, "
                  "make_timestamp({}), 0, false, true FROM (SELECT CAST(file_row_number AS UBIGINT) AS "
                  "ordinal FROM read_parquet({}, "
                  "file_row_number = true)) WHERE (ordinal < {} OR ordinal IN (SELECT row FROM intents)) AND "
                  "ordinal NOT IN (SELECT "
                  "ordinal FROM outcomes)",
                  static_cast<int>(Outcome::in_doubt), unix_micros(now), duck::quote_text(plan), through));
  if (!doubted.ok()) return doubted.error();
  settled.outcomes.in_doubt += *doubted;
  return success();
}

}  // namespace

Result<Settled> load_journal(duck::Connection& connection, Disk& disk, const std::string& journal,
                             const std::string& plan, Time now) {
  if (auto created = connection.run(kTables); !created.ok()) return created.error();
  auto outcomes = duck::Appender::open(connection, "outcomes");
  auto requests = duck::Appender::open(connection, "requests");
  auto intents = duck::Appender::open(connection, "intents");
  if (!outcomes.ok()) return outcomes.error();
  if (!requests.ok()) return requests.error();
  if (!intents.ok()) return intents.error();
  auto whereabouts = duck::Appender::open(connection, "whereabouts");
  if (!whereabouts.ok()) return whereabouts.error();
  Settled settled;
  Loader loader(settled, *std::move(outcomes), *std::move(requests), *std::move(intents),
                *std::move(whereabouts));
  auto report = read_log(disk, journal, [&](std::string_view bytes) { return loader.take(bytes); });
  if (!report.ok()) return report.error();
  if (auto added = loader.add_jobs(); !added.ok()) return added.error();
  if (auto closed = loader.close(); !closed.ok()) return closed.error();
  const auto planned = disk.exists(plan);
  if (!planned.ok()) return planned.error();
  // A run that ended in an orderly way says that what has no outcome was not sent, but for its jobs.
  const uint64_t through = settled.end ? 0 : loader.through();
  if ((!settled.end || settled.has_unfinished_jobs) && *planned)
    if (auto doubted = doubt(connection, plan, through, now, settled); !doubted.ok()) return doubted.error();
  return settled;
}

}  // namespace penstock
