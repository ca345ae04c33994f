// Reads all rows of a model, as a plan does, and throws them away: what a source costs when nothing is done
// with what it gives.
//
//     source_scan PROJECT MODEL
//
// Prints {"seconds": from the first byte asked for to the last row, "rows"}.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "run/workspace.h"
#include "source/source.h"

namespace penstock {
namespace {

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "source_scan: {}\n", why);
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result.ok()) fail(result.error().message);
  return std::move(result).value();
}

int scan(const char* directory, const char* name) {
  declare::Diagnostics diagnostics;
  auto workspace = Workspace::open(real_disk(), real_clock(), directory, diagnostics);
  if (!diagnostics.ok()) fail(diagnostics.summary());
  const config::Model* model = workspace->project().model(name);
  if (model == nullptr) fail("there is no such model");
  auto opened = must(open_model(workspace->project(), *model, workspace->resolver(),
                                {.project_directory = directory, .temporary_directory = "", .threads = 0}));
  // Every value is looked at, by all threads, as the probe of a plan does.
  std::string columns;
  for (const auto& column : opened.columns)
    columns += fmt::format("{}count({})", columns.empty() ? "" : ", ", duck::quote_name(column.name));
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t rows =
      must(opened.connection->number(fmt::format("SELECT greatest({}) FROM {}", columns, opened.relation)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  fmt::print("{{\"seconds\": {:.6f}, \"rows\": {}}}\n", took.count(), rows);
  return 0;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: source_scan PROJECT MODEL\n");
    return 2;
  }
  return penstock::scan(argv[1], argv[2]);
}
