// query: SQL over what runs have left.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>

#include "cli/command.h"
#include "declare/json.h"
#include "declare/units.h"
#include "run/log_database.h"

namespace penstock::cli {
namespace {

struct QueryOptions {
  std::string sql;
  std::vector<std::string> syncs;
  bool as_csv = false;
  std::optional<uint64_t> limit;
  std::string timeout = "1m", memory = "1GB";
};

constexpr uint64_t kQueryRowsShown = 1000;
constexpr size_t kCellShown = 60;

using Cells = LogDatabase::Cells;

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos && !text.empty()) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// NULL is nothing, an empty text is "".
void print_csv(const Cells& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i)
    line += (i == 0 ? "" : ",") + (cells[i] ? csv_cell(*cells[i]) : std::string());
  fmt::print("{}\n", line);
}

// A name that occurs twice gets its number.
std::vector<std::string> told_apart(std::vector<std::string> names) {
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = names[i];
    for (size_t n = 2; std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), names[i]) !=
                       names.begin() + static_cast<ptrdiff_t>(i);
         ++n)
      names[i] = fmt::format("{}_{}", name, n);
  }
  return names;
}

void print_json(const std::vector<std::string>& names, const Cells& cells) {
  declare::JsonWriter json;
  json.begin_object();
  for (size_t i = 0; i < cells.size(); ++i) json.key(names[i]).raw(cells[i].value_or("null"));
  fmt::print("{}\n", json.end_object().str());
}

// A table's cell is one line.
std::string shown(const std::optional<std::string>& cell) {
  if (!cell) return "";
  std::string text = *cell;
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return shortened(text, kCellShown);
}

int ask(const Globals& globals, LogDatabase& logs, const std::string& sql, const QueryOptions& given,
        const AskOptions& options) {
  std::vector<std::string> names;
  std::optional<Table> table;
  const auto columns = [&](const std::vector<std::string>& all) {
    names = globals.json ? told_apart(all) : all;
    if (given.as_csv)
      print_csv(Cells(names.begin(), names.end()));
    else if (!globals.json)
      table.emplace(names);
  };
  const auto row = [&](const Cells& cells) {
    if (given.as_csv) return print_csv(cells);
    if (globals.json) return print_json(names, cells);
    std::vector<std::string> texts;
    for (const auto& cell : cells) texts.push_back(shown(cell));
    table->add(std::move(texts));
  };
  const auto cut = logs.ask(sql, options, columns, row);
  if (table && !table->empty()) fmt::print("{}", table->text(globals.terminal));
  std::fflush(stdout);
  if (!cut.ok()) return print_error(globals, cut.error()) == kInterrupted ? kFailed : exit_of(cut.error());
  if (table && table->empty()) say(globals, "no rows\n");
  if (*cut) say(globals, fmt::format("(the first {} rows; --limit for more)\n", options.limit));
  return kDone;
}

int query(const Globals& globals, const QueryOptions& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto syncs = choose_syncs(globals, *workspace, given.syncs, config::Paused::included);
  if (syncs.empty()) return kUsage;
  const auto timeout = declare::parse_duration(given.timeout);
  if (!timeout.ok())
    return print_error(
        globals, {ErrorKind::config,
                  fmt::format("--timeout: '{}' is not {}", given.timeout, timeout.error().message), ""});
  const auto memory = declare::parse_size(given.memory);
  if (!memory.ok())
    return print_error(globals,
                       {ErrorKind::config,
                        fmt::format("--memory: '{}' is not {}", given.memory, memory.error().message), ""});
  std::vector<std::string> names;
  for (const auto* sync : syncs) names.push_back(sync->name);
  auto logs = LogDatabase::open(*workspace, names, fmt::format("{}B", *memory));
  if (!logs.ok()) return print_error(globals, logs.error());
  std::string sql = given.sql;
  if (sql == "-") sql.assign(std::istreambuf_iterator<char>(std::cin), {});
  const bool for_people = !globals.json && !given.as_csv;
  return ask(globals, *logs, sql, given,
             {.limit = given.limit.value_or(for_people ? kQueryRowsShown : 0),
              .time_max = *timeout,
              .as_json = globals.json && !given.as_csv});
}

}  // namespace

void add_query(Door door) {
  auto* command =
      door.app.add_subcommand("query", "Ask in SQL what runs have done: operations, requests, runs, waiting");
  command->footer(
      "One SELECT of DuckDB's SQL over the views operations, requests, runs and waiting, each with a column "
      "`sync`.\n"
      "It reads nothing else, and writes nothing.\n"
      "Examples:\n  penstock query \"select sync, error_code, count(*) from operations where outcome = "
      "'rejected' group "
      "by all\"\n  penstock query \"select * from runs where started > now() - interval 1 day\" --csv\n"
      "  penstock query - < question.sql");
  auto given = std::make_shared<QueryOptions>();
  command->add_option("SQL", given->sql, "One SELECT; - reads it from standard input")->required();
  command->add_option("--sync", given->syncs, "Only of these syncs, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("SYNC");
  command->add_flag("--csv", given->as_csv, "As CSV with a header; NULL is nothing, an empty text is \"\"");
  command->add_option("--limit", given->limit, "At most so many rows (1000, with --json and --csv all)")
      ->check(CLI::PositiveNumber);
  command->add_option("--timeout", given->timeout, "How long it may take")->capture_default_str();
  command->add_option("--memory", given->memory, "How much memory it may take before it spills to disk")
      ->capture_default_str();
  command->callback([door, given] { door.run = [door, given] { return query(door.globals, *given); }; });
}

}  // namespace penstock::cli
