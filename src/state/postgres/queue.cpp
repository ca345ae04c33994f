#include "state/postgres/queue.h"

#include <fmt/format.h>

namespace penstock::state {
namespace {

constexpr const char* kQueueNames =
    "run, sync, destination, kind, options, cause, asked_by, once, priority, asked, state, worker, beat, "
    "cancelled::int, ended, report";

std::string micros(Time time) {
  return fmt::to_string(unix_micros(time));
}

std::optional<std::string> micros(const std::optional<Time>& time) {
  return time ? std::optional(micros(*time)) : std::nullopt;
}

// Of a row of kQueueNames.
class QueueRow {
 public:
  QueueRow(const postgres::Rows& rows, size_t row) : rows_(rows), row_(row) {}
  std::string text() { return std::string(rows_.text(row_, column_++)); }
  int64_t number() { return std::stoll(text()); }
  Time time() { return from_unix_micros(number()); }
  std::optional<Time> time_or_null() {
    if (!rows_.is_null(row_, column_)) return time();
    ++column_;
    return std::nullopt;
  }

 private:
  const postgres::Rows& rows_;
  size_t row_, column_ = 0;
};

QueuedRun run_of(const postgres::Rows& rows, size_t number) {
  QueueRow row(rows, number);
  QueuedRun run;
  for (std::string* text :
       {&run.run, &run.sync, &run.destination, &run.kind, &run.options, &run.cause, &run.by, &run.once})
    *text = row.text();
  run.priority = row.number();
  run.asked = row.time();
  run.state = state_named(row.text());
  run.worker = row.text();
  run.beat = row.time_or_null();
  run.cancelled = row.number() != 0;
  run.ended = row.time_or_null();
  run.report = row.text();
  return run;
}

// $1 to $10.
Parameters asked_parameters(const QueuedRun& run) {
  return {run.run,          run.sync,    run.destination,
          run.kind,         run.options, run.cause,
          run.by,           run.once,    fmt::to_string(run.priority),
          micros(run.asked)};
}
constexpr const char* kInsert =
    "INSERT INTO @queue SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, "
    "$8::text, "
    "$9::bigint, $10::bigint, 'queued', '', '', NULL, false, NULL, ''";

class PostgresQueue final : public RunQueue {
 public:
  explicit PostgresQueue(PostgresServer& server) : server_(server) {}

  Result<PutRun> put(const QueuedRun& run) override {
    const std::string standing =
        "SELECT run FROM @queue WHERE run = $1::text OR ($8::text <> '' AND once = $8::text) OR (state = "
        "'queued' AND sync = $2::text AND kind = $4::text AND options = $5::text)";
    auto put =
        server_.run(fmt::format("WITH there AS ({}), put AS ({} WHERE NOT EXISTS (SELECT 1 FROM there) "
                                "ON CONFLICT DO NOTHING RETURNING run) SELECT (SELECT count(*) FROM put)",
                                standing, kInsert),
                    asked_parameters(run));
    if (!put.ok()) return put.error();
    auto there =
        one("run = $1::text OR ($2::text <> '' AND once = $2::text) OR (state = 'queued' AND sync = "
            "$3::text AND kind = $4::text AND options = $5::text)",
            {run.run, run.once, run.sync, run.kind, run.options});
    if (!there.ok()) return there.error();
    // Whoever stood for it has been taken in between: then it is asked for anew.
    if (!*there) return put_again(run);
    return PutRun{(*there)->run == run.run, **std::move(there)};
  }

  Result<bool> put_due(const QueuedRun& run, std::optional<Time> before) override {
    Parameters parameters = asked_parameters(run);
    parameters.emplace_back(micros(before));
    auto rows = server_.run(
        fmt::format(
            "WITH moved AS (UPDATE @marks SET due = $10::bigint WHERE sync = $2::text AND due IS NOT "
            "DISTINCT FROM $11::bigint RETURNING sync), put AS ({} FROM moved WHERE NOT EXISTS (SELECT "
            "1 FROM @queue WHERE sync = $2::text AND state = 'queued') ON CONFLICT DO NOTHING) SELECT "
            "count(*) FROM moved",
            kInsert),
        parameters);
    if (!rows.ok()) return rows.error();
    return rows->text(0, 0) != "0";
  }

  Result<std::optional<QueuedRun>> take(const std::string& worker, const std::string& claim,
                                        Time now) override {
    return first(server_.run(fmt::format("SELECT {} FROM @take($1::text, $2::text, $3::bigint)", kQueueNames),
                             {worker, claim, micros(now)}));
  }

  Result<std::vector<std::string>> beat(const std::string& worker, const std::vector<std::string>& runs,
                                        Time now) override {
    auto rows = server_.run(
        "UPDATE @queue SET beat = $1::bigint WHERE worker = $2::text AND state = 'taken' AND run = "
        "ANY(string_to_array($3::text, ' ')) RETURNING run, cancelled::int",
        {micros(now), worker, fmt::format("{}", fmt::join(runs, " "))});
    if (!rows.ok()) return rows.error();
    std::map<std::string, bool, std::less<>> held;
    for (size_t i = 0; i < rows->count(); ++i) held.emplace(rows->text(i, 0), rows->text(i, 1) == "1");
    std::vector<std::string> to_end;
    for (const auto& run : runs)
      if (const auto found = held.find(run); found == held.end() || found->second) to_end.push_back(run);
    return to_end;
  }

  Result<void> end(const std::string& run, const std::string& report, Time now) override {
    return change(
        "UPDATE @queue SET state = 'ended', report = $2::text, ended = $3::bigint WHERE run = $1::text",
        {run, report, micros(now)});
  }

  Result<void> give_back(const std::string& run) override {
    return change(
        "UPDATE @queue SET state = 'queued', worker = '', claim = '', beat = NULL WHERE run = $1::text "
        "AND state = 'taken'",
        {run});
  }

  Result<std::vector<QueuedRun>> silent(Time since) override {
    return all("state = 'taken' AND beat < $1::bigint", {micros(since)});
  }

  Result<bool> cancel(const std::string& run, Time now) override {
    auto rows = server_.run(
        "WITH told AS (UPDATE @queue SET cancelled = true, ended = CASE state WHEN 'queued' THEN $2::bigint "
        "END, "
        "state = CASE state WHEN 'queued' THEN 'ended' ELSE state END WHERE run = $1::text AND state <> "
        "'ended' "
        "RETURNING run) SELECT count(*) FROM told",
        {run, micros(now)});
    if (!rows.ok()) return rows.error();
    return rows->text(0, 0) != "0";
  }

  Result<std::vector<QueuedRun>> open_runs() override { return all("state <> 'ended'", {}); }

  Result<std::optional<QueuedRun>> find(const std::string& run) override {
    return one("run = $1::text", {run});
  }

  Result<void> forget(Time ended_before) override {
    return change("DELETE FROM @queue WHERE state = 'ended' AND ended < $1::bigint", {micros(ended_before)});
  }

  Result<std::map<std::string, SyncMark>> marks() override {
    auto rows = server_.run("SELECT sync, seen, due, paused, paused_by FROM @marks");
    if (!rows.ok()) return rows.error();
    std::map<std::string, SyncMark> marks;
    for (size_t i = 0; i < rows->count(); ++i) {
      QueueRow row(*rows, i);
      SyncMark& mark = marks[row.text()];
      mark.seen = row.time();
      mark.due = row.time_or_null();
      mark.paused = row.time_or_null();
      mark.paused_by = row.text();
    }
    return marks;
  }

  Result<void> note_seen(const std::string& sync, Time now) override {
    return change(
        "INSERT INTO @marks(sync, seen, paused_by) VALUES ($1::text, $2::bigint, '') ON CONFLICT (sync) "
        "DO NOTHING",
        {sync, micros(now)});
  }

  Result<void> set_paused(const std::string& sync, const std::optional<std::string>& by, Time now) override {
    return change(
        "INSERT INTO @marks(sync, seen, paused, paused_by) VALUES ($1::text, $2::bigint, $3::bigint, "
        "$4::text) ON CONFLICT (sync) DO UPDATE SET paused = excluded.paused, paused_by = "
        "excluded.paused_by",
        {sync, micros(now), by ? std::optional(micros(now)) : std::nullopt, by.value_or("")});
  }

  // One statement, and so one step.
  Result<void> note_entered(const std::vector<EnteredAddress>& addresses) override {
    if (addresses.empty()) return success();
    std::string rows;
    Parameters values;
    for (const auto& one : addresses) {
      const size_t at = values.size();
      rows += fmt::format("{}(${}::text, ${}::text, ${}::text, ${}::bigint)", rows.empty() ? "" : ", ",
                          at + 1, at + 2, at + 3, at + 4);
      for (std::string value : {one.address, one.file, one.by, micros(one.at)})
        values.emplace_back(std::move(value));
    }
    return change(
        fmt::format("INSERT INTO @entered(address, file, entered_by, at) VALUES {} ON CONFLICT DO NOTHING",
                    rows),
        values);
  }

  Result<std::vector<EnteredAddress>> entered() override {
    const auto rows =
        server_.run("SELECT address, file, entered_by, at FROM @entered ORDER BY address", Parameters{});
    if (!rows.ok()) return rows.error();
    std::vector<EnteredAddress> all;
    for (size_t i = 0; i < rows->count(); ++i) {
      QueueRow row(*rows, i);
      EnteredAddress& one = all.emplace_back();
      for (std::string* text : {&one.address, &one.file, &one.by}) *text = row.text();
      one.at = row.time();
    }
    return all;
  }

 private:
  Result<PutRun> put_again(const QueuedRun& run) {
    auto put = server_.run(fmt::format("{} ON CONFLICT DO NOTHING", kInsert), asked_parameters(run));
    if (!put.ok()) return put.error();
    return PutRun{true, run};
  }

  Result<void> change(const std::string& sql, const Parameters& parameters) {
    auto rows = server_.run(sql, parameters);
    return rows.ok() ? success() : rows.error();
  }

  Result<std::vector<QueuedRun>> all(const std::string& where, const Parameters& parameters) {
    auto rows = server_.run(
        fmt::format("SELECT {} FROM @queue WHERE {} ORDER BY asked, run", kQueueNames, where), parameters);
    if (!rows.ok()) return rows.error();
    std::vector<QueuedRun> runs;
    for (size_t i = 0; i < rows->count(); ++i) runs.push_back(run_of(*rows, i));
    return runs;
  }

  Result<std::optional<QueuedRun>> one(const std::string& where, const Parameters& parameters) {
    return first(server_.run(
        fmt::format("SELECT {} FROM @queue WHERE {} ORDER BY asked, run LIMIT 1", kQueueNames, where),
        parameters));
  }

  static Result<std::optional<QueuedRun>> first(const Result<postgres::Rows>& rows) {
    if (!rows.ok()) return rows.error();
    if (rows->count() == 0) return std::optional<QueuedRun>();
    return std::optional(run_of(*rows, 0));
  }

  PostgresServer& server_;
};

}  // namespace

std::unique_ptr<RunQueue> postgres_queue(PostgresServer& server) {
  return std::make_unique<PostgresQueue>(server);
}

}  // namespace penstock::state
