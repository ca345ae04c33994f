// What encoding costs: columns of a plan to the JSON of batches of a hundred rows, as the connector declares
// them. One thread.
#include <benchmark/benchmark.h>

#include "connector/connector.h"
#include "connector/encode.h"
#include "rehearse/stage.h"

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
  // For a target with so many fields and match values of any kinds.
  connector::RowView view(size_t row, const std::vector<Values>& match,
                          const std::vector<Values>& fields) const {
    connector::RowView view;
    view.fields = fields;
    view.match = match;
    view.row = row;
    for (size_t i = 0; i < fields.size(); ++i) view.send.set(i);
    view.record_id = "1234567890";
    return view;
  }
  std::vector<Values> columns(size_t count) const {
    std::vector<Values> all;
    for (size_t i = 0; i < count; ++i) all.push_back(fields_[i % fields_.size()]);
    return all;
  }
  std::vector<Values> match_columns(size_t count) const { return {count, fields_[1]}; }
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

// The first way of a connector that writes records, the usual mode first.
std::optional<rehearse::Stage> usual_way(const connector::ConnectorRef& connector) {
  using config::Mode;
  const auto ways = rehearse::ways_of(*connector);
  for (const Mode mode : {Mode::upsert, Mode::mirror, Mode::update, Mode::insert, Mode::append})
    for (const auto& way : ways) {
      if (way.mode != mode || way.bulk) continue;
      auto stage = rehearse::Stage::make(connector, way);
      if (stage.ok()) return *std::move(stage);
    }
  return std::nullopt;
}

// Whole requests of a connector, address and headers too, as full as it lets them be (of a hundred rows at
// most), with ten fields where it takes any.
void EncodeConnector(benchmark::State& state, const std::string& name) {
  static const Rows rows;
  const connector::Catalog catalog;
  const auto connector = catalog.find(name);
  const auto stage = usual_way(connector);
  if (!stage) return state.SkipWithError("it has no way to write");
  connector::TargetFacts facts = stage->target().facts();
  for (size_t i = 0; stage->writes().takes.all && facts.fields.size() < kColumns.size(); ++i)
    facts.fields.push_back(kColumns[i].name);
  const connector::Target target = must(rehearse::bind_example(connector, facts));
  const connector::BoundOperation& operation = *target.operation(stage->writes().name);
  const auto match = rows.match_columns(target.facts().match_fields.size());
  const auto fields = rows.columns(target.facts().fields.size());
  const size_t batch = std::min(kBatchRows, static_cast<size_t>(operation.operation->rows));
  size_t next = 0, bytes = 0, encoded = 0;
  std::vector<connector::RowView> views(batch);
  for (auto _ : state) {
    for (auto& view : views) view = rows.view(next++ % rows.count(), match, fields);
    const std::string body = connector::encode(operation, views, {});
    const std::string url = target.url(operation, views, {});
    benchmark::DoNotOptimize(target.headers(operation, views, {}));
    bytes += body.size() + url.size();
    encoded += batch;
  }
  state.SetItemsProcessed(static_cast<int64_t>(encoded));
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

// What a program with a destination of each kind spends on their declarations.
void ParseAllDeclarations(benchmark::State& state) {
  const auto names = connector::Catalog().names();
  for (auto _ : state) {
    const connector::Catalog catalog;
    for (const auto& name : names) benchmark::DoNotOptimize(catalog.find(name));
  }
  state.counters["connectors"] = static_cast<double>(names.size());
}
BENCHMARK(ParseAllDeclarations);

}  // namespace

void register_connectors() {
  for (const auto& name : connector::Catalog().names())
    benchmark::RegisterBenchmark(("EncodeConnector/" + name).c_str(),
                                 [name](benchmark::State& state) { EncodeConnector(state, name); });
}

}  // namespace penstock

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  penstock::register_connectors();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
