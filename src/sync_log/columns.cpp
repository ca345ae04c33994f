#include "sync_log/columns.h"

#include <fmt/format.h>

#include "ledger/operations.h"

namespace penstock {
namespace {

using enum LogType;

constexpr LogColumn kRunColumns[] = {
    {"project", name},  {"run", name},        {"sync", name},       {"status", text},   {"kind", text},
    {"started", time},  {"finished", time},   {"seconds", real},    {"rows", count},    {"added", count},
    {"changed", count}, {"removed", count},   {"unchanged", count}, {"invalid", count}, {"waiting", count},
    {"sent", count},    {"accepted", count},  {"rejected", count},  {"skipped", count}, {"in_doubt", count},
    {"failed", count},  {"requests", count},  {"throttled", count}, {"error", text},    {"confirmed", text},
    {"plan", text},     {"approved_by", text}};
constexpr LogColumn kLoggedColumns[] = {
    {"project", name},  {"run", name},        {"sync", name},       {"key", text},
    {"change", text},   {"why", text},        {"operation", text},  {"outcome", text},
    {"attempt", count}, {"status", count},    {"error_code", text}, {"error_message", text},
    {"at", time},       {"latency_ms", real}, {"request", count},   {"record_id", text},
    {"created", flag},  {"payload", text},    {"kept", text}};

std::string type_in_duckdb(LogType type) {
  switch (type) {
    case name:
    case text:
      return "VARCHAR";
    case count:
      return "BIGINT";
    case real:
      return "DOUBLE";
    case flag:
      return "BOOLEAN";
    case time:
      return "TIMESTAMP";
  }
  die("a LogType without a type");
}

duck::Appender& add_or_null(duck::Appender& to, const std::string& value) {
  return value.empty() ? to.add_null() : to.add(value);
}

Result<void> fill(duck::Connection& connection, const std::string& project, const RunRow& run) {
  auto created = connection.run(
      fmt::format("CREATE TEMP TABLE logged_run({})", column_definitions(kRunColumns, type_in_duckdb)));
  if (!created.ok()) return created.error();
  auto to = duck::Appender::open(connection, "logged_run");
  if (!to.ok()) return to.error();
  to->add(project)
      .add(run.run)
      .add(run.sync)
      .add(run.status)
      .add(run.kind)
      .add_time(unix_micros(run.started));
  if (run.finished)
    to->add_time(unix_micros(*run.finished)).add(run.seconds());
  else
    to->add_null().add_null();
  for (const auto& [name, value] : kRunCounts) to->add(static_cast<int64_t>(run.*value));
  for (const std::string* value : {&run.error, &run.confirmed, &run.plan, &run.approved_by})
    add_or_null(*to, *value);
  if (auto ended = to->end_row(); !ended.ok()) return ended;
  return to->close();
}

std::string cleaned(std::span<const LogColumn> columns) {
  std::string list;
  for (const auto& column : columns) {
    const std::string quoted = duck::quote_name(column.name);
    list += list.empty() ? "" : ", ";
    list += column.type == text ? fmt::format("replace({0}, chr(0), '') AS {0}", quoted) : quoted;
  }
  return list;
}

}  // namespace

std::span<const LogColumn> columns_of_runs() {
  return kRunColumns;
}
std::span<const LogColumn> columns_of_operations() {
  return kLoggedColumns;
}

std::string column_names(std::span<const LogColumn> columns) {
  std::string list;
  for (const auto& column : columns) list += (list.empty() ? "" : ", ") + duck::quote_name(column.name);
  return list;
}

std::string column_definitions(std::span<const LogColumn> columns, std::string (*type_in_engine)(LogType)) {
  std::string list;
  for (const auto& column : columns)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", duck::quote_name(column.name),
                        type_in_engine(column.type));
  return list;
}

Result<StagedRun> StagedRun::stage(const std::string& project, const LoggedRun& run) {
  auto database = duck::Database::borrow({});
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  if (auto filled = fill(*connection, project, run.run); !filled.ok()) return filled.error();
  return StagedRun(*std::move(database), *std::move(connection), project, run.operations);
}

std::string StagedRun::run_sql() const {
  return fmt::format("SELECT {} FROM logged_run", cleaned(kRunColumns));
}

std::string StagedRun::operations_sql() const {
  return fmt::format("SELECT {} FROM (SELECT {} AS project, * FROM {})", cleaned(kLoggedColumns),
                     duck::quote_text(project_),
                     operations_in(operations_.empty() ? "" : duck::quote_text(operations_)));
}

}  // namespace penstock
