#include "ledger/run_queue.h"

#include <fmt/format.h>

#include <mutex>

#include "database/sqlite.h"

namespace penstock {
namespace {

constexpr const char* kQueueSteps[] = {R"(
CREATE TABLE queue (
  run TEXT PRIMARY KEY, sync TEXT NOT NULL, destination TEXT NOT NULL, kind TEXT NOT NULL, options TEXT NOT NULL,
  cause TEXT NOT NULL, asked_by TEXT NOT NULL, once TEXT NOT NULL, priority INTEGER NOT NULL, asked INTEGER NOT NULL,
  state TEXT NOT NULL, worker TEXT NOT NULL, claim TEXT NOT NULL, beat INTEGER, cancelled INTEGER NOT NULL,
  ended INTEGER, report TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_open ON queue(state, sync) WHERE state <> 'ended';
CREATE UNIQUE INDEX queue_once ON queue(once) WHERE once <> '';
CREATE TABLE marks (
  sync TEXT PRIMARY KEY, seen INTEGER NOT NULL, due INTEGER, paused INTEGER, paused_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)",
                                       R"(
CREATE TABLE entered (
  address TEXT PRIMARY KEY, file TEXT NOT NULL, entered_by TEXT NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)"};

constexpr sqlite::File kQueueFile{.what = "the queue of runs",
                                  .if_damaged =
                                      "restore queue.db from a backup, or move it away: only what waits "
                                      "there is lost, no sync's state",
                                  .steps = kQueueSteps,
                                  .modes = "PRAGMA synchronous = FULL;",
                                  .is_private = true};

constexpr const char* kQueueColumns =
    "run, sync, destination, kind, options, cause, asked_by, once, priority, asked, state, worker, beat, "
    "cancelled, ended, report";

QueuedRun queued_run_in(const sqlite::Statement& row) {
  QueuedRun run;
  int column = 0;
  for (std::string* text :
       {&run.run, &run.sync, &run.destination, &run.kind, &run.options, &run.cause, &run.by, &run.once})
    *text = row.text(column++);
  run.priority = row.number(column++);
  run.asked = row.time(column++);
  run.state = state_named(row.text(column++));
  run.worker = row.text(column++);
  run.beat = row.time_if(column++);
  run.cancelled = row.number(column++) != 0;
  run.ended = row.time_if(column++);
  run.report = row.text(column);
  return run;
}

class QueueFile final : public RunQueue {
 public:
  explicit QueueFile(sqlite::Database database) : database_(std::move(database)) {}

  Result<PutRun> put(const QueuedRun& run) override {
    const std::lock_guard lock(mutex_);
    PutRun put{true, run};
    auto done = database_.in_one_step([&]() -> Result<void> {
      auto there = standing_for(run);
      if (!there.ok()) return there.error();
      if (!*there) return insert(run);
      put = {false, **std::move(there)};
      return success();
    });
    if (!done.ok()) return done.error();
    return put;
  }

  Result<bool> put_due(const QueuedRun& run, std::optional<Time> before) override {
    const std::lock_guard lock(mutex_);
    bool is_ours = false;
    auto done = database_.in_one_step([&]() -> Result<void> {
      auto moved = database_.change("UPDATE marks SET due = ? WHERE sync = ? AND due IS ?", run.asked,
                                    run.sync, before);
      if (!moved.ok()) return moved.error();
      is_ours = *moved > 0;
      if (!is_ours) return success();
      auto there = first("state = 'queued' AND sync = ?", run.sync);
      if (!there.ok()) return there.error();
      return *there ? success() : insert(run);
    });
    if (!done.ok()) return done.error();
    return is_ours;
  }

  Result<std::optional<QueuedRun>> take(const std::string& worker, const std::string& claim,
                                        Time now) override {
    const std::lock_guard lock(mutex_);
    if (auto had = first("claim = ?", claim); !had.ok() || *had) return had;
    auto statement = database_.ask(
        fmt::format(
            "UPDATE queue SET state = 'taken', worker = ?, claim = ?, beat = ? WHERE run = ("
            "SELECT q.run FROM queue q WHERE q.state = 'queued' AND NOT EXISTS (SELECT 1 FROM queue t WHERE "
            "t.state = 'taken' AND t.sync = q.sync) ORDER BY q.priority DESC, (SELECT count(*) FROM queue t "
            "WHERE t.state = 'taken' AND t.destination = q.destination), q.asked, q.run LIMIT 1) RETURNING "
            "{}",
            kQueueColumns),
        worker, claim, now);
    if (!statement.ok()) return statement.error();
    return only(*statement);
  }

  Result<std::vector<std::string>> beat(const std::string& worker, const std::vector<std::string>& runs,
                                        Time now) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> to_end;
    auto done = database_.in_one_step([&]() -> Result<void> {
      for (const auto& run : runs) {
        auto statement = database_.ask(
            "UPDATE queue SET beat = ? WHERE run = ? AND worker = ? AND state = 'taken' RETURNING cancelled",
            now, run, worker);
        if (!statement.ok()) return statement.error();
        auto row = statement->step();
        if (!row.ok()) return row.error();
        if (!*row || statement->number(0) != 0) to_end.push_back(run);
      }
      return success();
    });
    if (!done.ok()) return done.error();
    return to_end;
  }

  Result<void> end(const std::string& run, const std::string& report, Time now) override {
    return change("UPDATE queue SET state = 'ended', report = ?, ended = ? WHERE run = ?", report, now, run);
  }

  Result<void> give_back(const std::string& run) override {
    return change(
        "UPDATE queue SET state = 'queued', worker = '', beat = NULL WHERE run = ? AND state = "
        "'taken'",
        run);
  }

  Result<std::vector<QueuedRun>> silent(Time since) override {
    return all("state = 'taken' AND beat < ?", since);
  }

  Result<bool> cancel(const std::string& run, Time now) override {
    const std::lock_guard lock(mutex_);
    auto done = database_.change(
        "UPDATE queue SET cancelled = 1, ended = CASE state WHEN 'queued' THEN ? ELSE ended END, state = "
        "CASE state WHEN 'queued' THEN 'ended' ELSE state END WHERE run = ? AND state <> 'ended'",
        now, run);
    if (!done.ok()) return done.error();
    return *done > 0;
  }

  Result<std::vector<QueuedRun>> open_runs() override { return all("state <> 'ended'"); }

  Result<std::optional<QueuedRun>> find(const std::string& run) override {
    const std::lock_guard lock(mutex_);
    return first("run = ?", run);
  }

  Result<void> forget(Time ended_before) override {
    return change("DELETE FROM queue WHERE state = 'ended' AND ended < ?", ended_before);
  }

  Result<std::map<std::string, SyncMark>> marks() override {
    const std::lock_guard lock(mutex_);
    auto statement = database_.ask("SELECT sync, seen, due, paused, paused_by FROM marks");
    if (!statement.ok()) return statement.error();
    std::map<std::string, SyncMark> marks;
    for (;;) {
      auto row = statement->step();
      if (!row.ok()) return row.error();
      if (!*row) return marks;
      marks[statement->text(0)] = {statement->time(1), statement->time_if(2), statement->time_if(3),
                                   statement->text(4)};
    }
  }

  Result<void> note_seen(const std::string& sync, Time now) override {
    return change("INSERT INTO marks(sync, seen, paused_by) VALUES (?, ?, '') ON CONFLICT (sync) DO NOTHING",
                  sync, now);
  }

  Result<void> set_paused(const std::string& sync, const std::optional<std::string>& by, Time now) override {
    return change(
        "INSERT INTO marks(sync, seen, paused, paused_by) VALUES (?, ?, ?, ?) ON CONFLICT (sync) DO UPDATE "
        "SET paused = "
        "excluded.paused, paused_by = excluded.paused_by",
        sync, now, by ? std::optional(now) : std::nullopt, by.value_or(""));
  }

  Result<void> note_entered(const std::vector<EnteredAddress>& addresses) override {
    const std::lock_guard lock(mutex_);
    return database_.in_one_step([&]() -> Result<void> {
      for (const auto& one : addresses) {
        auto done = database_.change(
            "INSERT OR IGNORE INTO entered(address, file, entered_by, at) VALUES (?, ?, ?, ?)", one.address,
            one.file, one.by, one.at);
        if (!done.ok()) return done.error();
      }
      return success();
    });
  }

  Result<std::vector<EnteredAddress>> entered() override {
    const std::lock_guard lock(mutex_);
    std::vector<EnteredAddress> all;
    auto rows = database_.ask("SELECT address, file, entered_by, at FROM entered ORDER BY address");
    if (!rows.ok()) return rows.error();
    for (;;) {
      auto row = rows->step();
      if (!row.ok()) return row.error();
      if (!*row) return all;
      all.push_back({rows->text(0), rows->text(1), rows->text(2), rows->time(3)});
    }
  }

 private:
  template <class... Values>
  Result<void> change(std::string_view sql, const Values&... values) {
    const std::lock_guard lock(mutex_);
    auto done = database_.change(sql, values...);
    return done.ok() ? success() : done.error();
  }

  template <class... Values>
  Result<std::vector<QueuedRun>> all(const std::string& where, const Values&... values) {
    const std::lock_guard lock(mutex_);
    auto statement = database_.ask(
        fmt::format("SELECT {} FROM queue WHERE {} ORDER BY asked, run", kQueueColumns, where), values...);
    if (!statement.ok()) return statement.error();
    std::vector<QueuedRun> runs;
    for (;;) {
      auto row = statement->step();
      if (!row.ok()) return row.error();
      if (!*row) return runs;
      runs.push_back(queued_run_in(*statement));
    }
  }

  template <class... Values>
  Result<std::optional<QueuedRun>> first(const std::string& where, const Values&... values) {
    auto statement = database_.ask(
        fmt::format("SELECT {} FROM queue WHERE {} ORDER BY asked, run LIMIT 1", kQueueColumns, where),
        values...);
    if (!statement.ok()) return statement.error();
    return only(*statement);
  }

  static Result<std::optional<QueuedRun>> only(sqlite::Statement& statement) {
    auto row = statement.step();
    if (!row.ok()) return row.error();
    if (!*row) return std::optional<QueuedRun>();
    QueuedRun run = queued_run_in(statement);
    if (auto end = statement.step(); !end.ok()) return end.error();
    return std::optional(std::move(run));
  }

  Result<std::optional<QueuedRun>> standing_for(const QueuedRun& run) {
    auto same = first("run = ? OR (once <> '' AND once = ?)", run.run, run.once);
    if (!same.ok() || *same) return same;
    return first("state = 'queued' AND sync = ? AND kind = ? AND options = ?", run.sync, run.kind,
                 run.options);
  }

  Result<void> insert(const QueuedRun& run) {
    auto done = database_.change(
        fmt::format("INSERT INTO queue({}, claim) VALUES (?,?,?,?,?,?,?,?,?,?,'queued','',NULL,0,NULL,'','')",
                    kQueueColumns),
        run.run, run.sync, run.destination, run.kind, run.options, run.cause, run.by, run.once, run.priority,
        run.asked);
    return done.ok() ? success() : done.error();
  }

  std::mutex mutex_;
  sqlite::Database database_;
};

}  // namespace

Result<std::unique_ptr<RunQueue>> open_queue_file(const std::string& path) {
  auto database = sqlite::Database::open(path, kQueueFile);
  if (!database.ok()) return database.error();
  return std::unique_ptr<RunQueue>(std::make_unique<QueueFile>(*std::move(database)));
}

QueuedRun::State state_named(std::string_view name) {
  for (const auto state : {QueuedRun::State::queued, QueuedRun::State::taken})
    if (name == name_of(state)) return state;
  return QueuedRun::State::ended;
}

std::string_view name_of(QueuedRun::State state) {
  switch (state) {
    case QueuedRun::State::queued:
      return "queued";
    case QueuedRun::State::taken:
      return "taken";
    case QueuedRun::State::ended:
      return "ended";
  }
  die("a state without a name");
}

}  // namespace penstock
