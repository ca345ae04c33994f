// Runs SQL on the DuckDB that Penstock embeds, opened as Penstock opens it; with the rows of the last
// statement streamed through the C API and thrown away: what reading a model costs when nothing is done with
// it.
//
//     duck_sql [--file DATABASE] [--write] [--memory 1GB] [--temporary DIRECTORY] [--print] STATEMENT...
//
// Prints {"seconds": [of each statement], "rows": of the last one}; with --print, the last one's rows
// instead, a line each, as text with tabs between.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "duck/duck.h"

namespace penstock {
namespace {

struct Given {
  std::string file;
  bool write = false;
  bool print = false;
  duck::Options options;
  std::vector<std::string> statements;
};

Given read_arguments(int argc, char** argv) {
  Given given;
  const std::vector<std::string> all(argv + 1, argv + argc);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto value = [&] { return i + 1 < all.size() ? all[++i] : std::string(); };
    if (all[i] == "--file")
      given.file = value();
    else if (all[i] == "--write")
      given.write = true;
    else if (all[i] == "--memory")
      given.options.memory_limit = value();
    else if (all[i] == "--print")
      given.print = true;
    else if (all[i] == "--temporary")
      given.options.temporary_directory = value();
    else
      given.statements.push_back(all[i]);
  }
  return given;
}

template <class T>
T must(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  fmt::print(stderr, "duck_sql: {}\n", result.error().message);
  std::exit(1);
}

uint64_t stream_and_drop(duck::Connection& connection, const std::string& sql) {
  auto rows = must(connection.query(sql));
  uint64_t count = 0;
  while (const auto chunk = must(rows.next())) count += chunk->rows();
  return count;
}

int print(duck::Connection& connection, const std::vector<std::string>& statements) {
  for (size_t i = 0; i + 1 < statements.size(); ++i) must(connection.run(statements[i]));
  for (const auto& row : must(connection.texts(statements.back()))) {
    std::string line;
    for (const auto& text : row) line += (line.empty() ? "" : "\t") + text.value_or("NULL");
    fmt::print("{}\n", line);
  }
  return 0;
}

int run(const Given& given) {
  auto database = must(duck::Database::open(given.options));
  auto connection = must(database.connect());
  if (!given.file.empty())
    must(connection.run(fmt::format("ATTACH {} AS warehouse{}; USE warehouse", duck::quote_text(given.file),
                                    given.write ? "" : " (READ_ONLY)")));
  if (given.print) return print(connection, given.statements);
  std::vector<double> seconds;
  uint64_t rows = 0;
  for (const auto& statement : given.statements) {
    const auto begin = std::chrono::steady_clock::now();
    rows = stream_and_drop(connection, statement);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  fmt::print("{{\"seconds\": [{:.6f}], \"rows\": {}}}\n", fmt::join(seconds, ", "), rows);
  return 0;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  const penstock::Given given = penstock::read_arguments(argc, argv);
  if (given.statements.empty()) {
    fmt::print(stderr, "usage: duck_sql [OPTION...] STATEMENT...\n");
    return 2;
  }
  return penstock::run(given);
}
