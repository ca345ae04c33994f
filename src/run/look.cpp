#include "run/look.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "run/row_source.h"

namespace penstock {

Task<Result<LookedAt>> look(LookParts parts, const std::string& plan, RunFacts facts) {
  Workspace& workspace = parts.run.workspace;
  const std::string directory = join_path(workspace.paths().temporary(), "look-" + facts.run);
  if (auto made = workspace.disk().make_directories(directory); !made.ok()) co_return made.error();
  LookedAt looked(workspace.disk(), directory);
  if (auto kept = workspace.disk().keep_private(directory); !kept.ok()) co_return kept.error();
  const LookFiles files = looked.files(plan);
  auto journal = Journal::create(parts.run.loop, workspace.disk(), files.journal, facts);
  if (!journal.ok()) co_return journal.error();
  auto reader = PlanReader::open(parts.connection, plan, parts.model);
  if (!reader.ok()) co_return reader.error();
  PlanRows rows(parts.run.loop, *std::move(reader));
  const auto limits = limits_of(parts.run.loop, parts.run.accounts, parts.target, parts.rate_share);
  DeliveryOptions options;
  options.run = facts.run;
  Delivery delivery({parts.run.loop, parts.run.client, parts.access, parts.target, parts.router, *limits,
                     **journal, parts.run.random, options});
  Interruption::Act act(parts.run.interruption);
  act.is([&delivery] { delivery.stop(); });
  auto read = co_await delivery.run(rows);
  act.is_nothing();
  if (!read.ok()) co_return read.error();
  if (parts.run.interruption.asked()) co_return Error{ErrorKind::interrupted, "interrupted", ""};
  (*journal)->add(RunEnd{"succeeded", ""});
  if (!co_await (*journal)->durable()) co_return *(*journal)->failure();
  journal->reset();
  looked.requests = delivery.progress().requests;
  auto written = co_await parts.run.loop.offload(
      [&] { return write_looked(workspace.disk(), workspace.paths(), files, workspace.clock().now()); });
  if (!written.ok()) co_return written.error();
  co_return looked;
}

namespace {

struct LookQuery {
  duck::Database database;
  duck::Connection connection;
};

Result<LookQuery> open_look_query() {
  auto database = duck::Database::borrow({});
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  return LookQuery{*std::move(database), *std::move(connection)};
}

}  // namespace

Result<LookCounts> count_looked(const LookedAt& looked) {
  auto query = open_look_query();
  if (!query.ok()) return query.error();
  const auto row = query->connection.texts(fmt::format(
      "SELECT count(*) FILTER (existed), count(*) FILTER (NOT existed), count(*) FILTER (existed AND "
      "contains(fates, '=') AND NOT regexp_matches(fates, '[wk]')), coalesce(sum(len(fates) - "
      "len(replace(fates, 'k', ''))), 0) FROM read_parquet({})",
      duck::quote_text(looked.images())));
  if (!row.ok()) return row.error();
  const auto number = [&](size_t i) { return std::stoull((*row)[0][i].value_or("0")); };
  return LookCounts{.read = number(0),
                    .absent = number(1),
                    .equal = number(2),
                    .kept_fields = number(3),
                    .requests = looked.requests};
}

void add_values_there(const LookedAt& looked, std::vector<SampleRow>& samples) {
  auto query = open_look_query();
  if (!query.ok()) return;
  simdjson::dom::parser parser;
  for (auto& sample : samples) {
    for (auto& field : sample.fields) {
      const auto told = query->connection.texts(
          fmt::format("SELECT existed, {} FROM read_parquet({}) WHERE key_hi = {} AND key_lo = {}",
                      duck::quote_name("before." + field.name), duck::quote_text(looked.images()),
                      sample.key_hash.hi, sample.key_hash.lo));
      if (!told.ok() || told->empty() || (*told)[0][0] != "true" || !(*told)[0][1]) continue;
      simdjson::dom::element value;
      std::string_view text;
      if (parser.parse(*(*told)[0][1]).get(value) != simdjson::SUCCESS) continue;
      field.before = value.is_null()                        ? std::optional<std::string>()
                     : value.get(text) == simdjson::SUCCESS ? std::string(text)
                                                            : simdjson::minify(value);
    }
  }
}

}  // namespace penstock
