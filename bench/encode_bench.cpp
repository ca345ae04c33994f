// What encoding costs: columns of a plan to the JSON of batches of a hundred rows, as the connector declares
// them. One thread.
#include <benchmark/benchmark.h>

#include "connector/connector.h"

namespace penstock {
namespace {

constexpr size_t kBatchRows = 100;

template <class T>
T must(Result<T> result) {
  if (!result.ok()) die(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

struct Column {
  std::string name, sql;
};
const std::vector<Column> kColumns = {
    {"customer_id", "i"},
    {"email", "'person' || i || '@example.com'"},
    {"firstname", "'First' || hash(i) % 5000"},
    {"lastname", "'Last' || hash(i + 1) % 50000"},
    {"city", "['Berlin', 'Paris', 'London', 'Madrid'][1 + CAST(hash(i + 2) % 4 AS BIGINT)]"},
    {"ltv", "CAST(hash(i + 3) % 10000000 / 100 AS DECIMAL(12, 2))"},
    {"score", "hash(i + 4) % 1000000 / 1e6"},
    {"active", "hash(i + 5) % 2 = 0"},
    {"signed_up", "DATE '2015-01-01' + CAST(hash(i + 6) % 4000 AS INTEGER)"},
    {"seen_at", "TIMESTAMP '2026-01-01' + to_seconds(CAST(hash(i + 7) % 20000000 AS BIGINT))"},
};

// A full vector of rows with these columns, in payload form, and the views of its rows.
class Rows {
 public:
  Rows() : database_(must(duck::Database::open({}))), connection_(must(database_.connect())) {
    must(define_payload_functions(connection_));
    const std::string from = " FROM range(2048) AS rows(i)";
    std::string list;
    std::vector<ValueType> types;
    for (const auto& column : kColumns) {
      const auto described = must(connection_.describe("SELECT " + column.sql + from));
      list += (list.empty() ? "" : ", ") + as_payload_sql(column.sql, described[0].type);
      types.push_back(payload_type_of(described[0].type));
    }
    auto rows = must(connection_.query("SELECT " + list + from));
    chunk_.emplace(*must(rows.next()));
    for (size_t i = 0; i < types.size(); ++i) fields_.emplace_back(chunk_->column(i), types[i]);
    match_ = {fields_[1]};
  }

  size_t count() const { return chunk_->rows(); }
  connector::RowView view(size_t row) const {
    connector::RowView view;
    view.fields = fields_;
    view.match = match_;
    view.row = row;
    for (size_t i = 0; i < fields_.size(); ++i) view.send.set(i);
    return view;
  }

 private:
  duck::Database database_;
  duck::Connection connection_;
  std::optional<duck::Chunk> chunk_;
  std::vector<Values> fields_, match_;
};

connector::Target hubspot() {
  const connector::Catalog catalog;
  connector::TargetFacts facts{
      .object = "contacts", .match_fields = {"email"}, .match_kind = connector::MatchKind::unique};
  for (const auto& column : kColumns) facts.fields.push_back(column.name);
  return must(connector::Target::bind(
      catalog.find("hubspot"),
      {{{"access_token", "bench"}, {"base_url", "http://127.0.0.1:1"}, {"account", "professional"}}, {}},
      std::move(facts)));
}

void EncodeUpsert(benchmark::State& state) {
  const Rows rows;
  const connector::Target target = hubspot();
  const connector::Body& body = *target.upsert()->body;
  size_t next = 0, bytes = 0, encoded = 0;
  for (auto _ : state) {
    std::string out;
    body.begin(out, {});
    for (size_t i = 0; i < kBatchRows; ++i, next = (next + 1) % rows.count())
      body.add(out, rows.view(next), i, {});
    body.end(out, {});
    benchmark::DoNotOptimize(out.data());
    bytes += out.size();
    encoded += kBatchRows;
  }
  state.SetItemsProcessed(static_cast<int64_t>(encoded));
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}
BENCHMARK(EncodeUpsert);

}  // namespace
}  // namespace penstock

BENCHMARK_MAIN();
