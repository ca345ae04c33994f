// Rows a second through transforms, as a plan runs them: an expression of DuckDB over a column, on one
// thread. `bare` is the same column without any.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "transform/transform.h"

namespace penstock::transform {
namespace {

constexpr int64_t kRows = 200'000;

duck::Database open_database() {
  duck::Options options;
  options.threads = 1;
  auto database = duck::Database::open(options);
  check(database.ok(), "a database");
  return *std::move(database);
}

class Column {
 public:
  explicit Column(const std::string& value) {
    check(define_payload_functions(connection_).ok(), "payload functions");
    check(define_transform_functions(connection_).ok(), "transform functions");
    check(connection_.run(fmt::format("CREATE TABLE t AS SELECT {} AS v FROM range({}) r(i)", value, kRows))
              .ok(),
          "a table");
  }

  // The column brought through transforms, as SQL.
  std::string converted(const std::string& transforms) {
    auto columns = connection_.describe("SELECT v FROM t");
    auto read = transforms_in(transforms);
    check(columns.ok() && read.ok(), "transforms that are read");
    Misfit misfit;
    const auto made = convert_sql("v", (*columns)[0].type, *read, misfit);
    check(made.has_value(), "transforms that fit");
    return made->sql;
  }

  void scan(const std::string& expression) {
    const auto length = connection_.number(fmt::format("SELECT sum(length({}::VARCHAR)) FROM t", expression));
    check(length.ok() && *length > 0, "values come out");
    benchmark::DoNotOptimize(*length);
  }

 private:
  duck::Database database_ = open_database();
  duck::Connection connection_ = *database_.connect();
};

void run(benchmark::State& state, const std::string& value, const std::string& transforms) {
  Column column(value);
  const std::string expression = transforms.empty() ? "v" : column.converted(transforms);
  for (auto _ : state) column.scan(expression);
  state.SetItemsProcessed(state.iterations() * kRows);
}

const std::string kName = "' Ada Lovelace ' || i";
const std::string kEmail = "'Ada.Lovelace' || i || '@Example.com '";
const std::string kPhone = "'+49 30 ' || (1000000 + i)";

BENCHMARK_CAPTURE(run, bare, kName, "");
BENCHMARK_CAPTURE(run, trim, kName, "[trim]");
BENCHMARK_CAPTURE(run, trim_lower_collapse, kName, "[trim, lower, collapse]");
BENCHMARK_CAPTURE(run, lower_unicode, "'Ärger ÜBER ' || i", "[lower]");
BENCHMARK_CAPTURE(run, email, kEmail, "[email]");
BENCHMARK_CAPTURE(run, email_hash_sha256, kEmail, "[email, hash_sha256]");
BENCHMARK_CAPTURE(run, name_hash_sha256, kName, "[name, hash_sha256]");
BENCHMARK_CAPTURE(run, phone, kPhone, "[phone]");
BENCHMARK_CAPTURE(run, phone_of_italy, "'+39 06 ' || (1000000 + i % 2000)", "[phone]");
BENCHMARK_CAPTURE(run, number, "(i * 0.25)::DECIMAL(12,2)", "[number]");
BENCHMARK_CAPTURE(run, epoch_ms, "TIMESTAMP '2026-11-23 14:13:11' + to_seconds(i)", "[epoch_ms]");
BENCHMARK_CAPTURE(run, map, "CASE i % 2 WHEN 0 THEN 'gold' ELSE 'silver' END",
                  "[{map: {gold: G, silver: S}}]");
BENCHMARK_CAPTURE(run, split_join, "'red, green, blue ' || i", "[{split: \",\"}, upper, {join: \";\"}]");

}  // namespace
}  // namespace penstock::transform

BENCHMARK_MAIN();
