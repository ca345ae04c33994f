#include "property/machine.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace penstock::property {
namespace {

Result<void> map_fields(duck::Connection& connection, const MappingSpec& spec, MappedModel& model) {
  auto match = map_expression(connection, model.relation, "email", sql_of(spec.match));
  if (!match.ok()) return match.error();
  model.mapping.match.push_back(*std::move(match));
  for (const auto& field : spec.fields) {
    auto column = map_expression(connection, model.relation, field.name, sql_of(field.expression));
    if (!column.ok()) return column.error();
    MappedField mapped{*std::move(column)};
    mapped.write = field.write;
    mapped.omit_null = field.omit_null;
    model.mapping.fields.push_back(std::move(mapped));
  }
  return success();
}

Result<MappedModel> map_all(duck::Connection& connection, const PlanQuestion& question) {
  MappedModel model;
  model.relation = relation_of(question.model, question.has_score);
  auto key = map_expression(connection, model.relation, "id", "id");
  if (!key.ok()) return key.error();
  model.keys.push_back(*std::move(key));
  if (auto mapped = map_fields(connection, question.mapping, model); !mapped.ok()) return mapped.error();
  return model;
}

PlanOptions options_of(const PlanQuestion& question, std::optional<uint64_t> limit, std::string file) {
  PlanOptions options;
  options.probe.keys_only = question.keys_only;
  options.probe.everything = question.everything;
  options.probe.retry_waiting = question.retry_waiting;
  options.probe.cause = question.cause;
  options.probe.now = question.now;
  if (question.only) {
    const std::string text = std::to_string(*question.only);
    const std::string_view key[] = {text};
    options.probe.only = hash_key(key);
  }
  options.on_removed = question.on_removed;
  options.forget_removed = question.forget_removed;
  options.follows_records = question.follows;
  options.limit = limit;
  options.file = std::move(file);
  options.why_invalid = [](std::span<const Values> match, std::span<const Values> fields,
                           size_t row) -> std::string {
    if (match[0].is_null(row)) return "the match value is NULL";
    for (const auto& field : fields)
      if (field.type().type == PayloadType::text && !field.is_null(row) &&
          (field.bytes(row) == "bad" || field.bytes(row) == "BAD"))
        return "is bad";
    return "";
  };
  return options;
}

// JSON that is compared as text.
std::string minified(const std::string& json) {
  simdjson::dom::parser parser;
  return simdjson::minify(parser.parse(json).value());
}

// The plan file's rows. Payloads are left to the twin: the file has none but the fingerprint.
Result<std::vector<TwinRow>> read_plan(duck::Connection& connection, const Plan& plan,
                                       const MappingSpec& mapping) {
  std::string fields;
  for (const auto& field : mapping.fields)
    fields += fmt::format(", CAST({} AS VARCHAR)", duck::quote_name("fields." + field.name));
  auto texts =
      connection.texts(fmt::format("SELECT \"change\", key, why, send, record_id, match_before, "
                                   "CAST(\"match.email\" AS VARCHAR), takes_over{} FROM "
                                   "read_parquet({}, file_row_number = true) ORDER BY file_row_number",
                                   fields, duck::quote_text(plan.file)));
  if (!texts.ok()) return texts.error();
  std::vector<TwinRow> rows;
  for (auto& text : *texts) {
    TwinRow& row = rows.emplace_back();
    row.change = *text[0];
    row.key = *text[1];
    row.why = *text[2];
    row.send = text[3].value_or("");
    row.record_id = text[4].value_or("");
    row.match_before = text[5].value_or("");
    row.match = text[6];
    row.takes_over = text[7].value_or("");
    row.fields.assign(std::make_move_iterator(text.begin() + 8), std::make_move_iterator(text.end()));
  }
  return rows;
}

}  // namespace

Machine::Machine(uint64_t seed) : state_(directory_.path()), disk_(state_, seed) {
  paths_.root = directory_.path();
  check(state_.make_directories(paths_.sync(kSync)).ok(), "made");
  check(state_.make_directories(paths_.temporary()).ok(), "made");
}

Result<Machine::Planned> Machine::plan(const PlanQuestion& question, std::optional<uint64_t> limit) {
  Planned planned;
  auto database = duck::Database::open({.path = "", .temporary_directory = "", .threads = 1});
  if (!database.ok()) return database.error();
  planned.database = std::make_unique<duck::Database>(*std::move(database));
  auto connection = planned.database->connect();
  if (!connection.ok()) return connection.error();
  planned.connection = std::make_unique<duck::Connection>(*std::move(connection));
  if (auto defined = define_payload_functions(*planned.connection); !defined.ok()) return defined.error();
  auto snapshot = this->snapshot();
  if (!snapshot.ok()) return snapshot.error();
  planned.snapshot.emplace(*std::move(snapshot));
  auto owners = this->owners();
  if (!owners.ok()) return owners.error();
  planned.owners.emplace(*std::move(owners));
  auto mapped = map_all(*planned.connection, question);
  if (!mapped.ok()) return mapped.error();
  planned.mapped = *std::move(mapped);
  described_[minified(planned.mapped.mapping.description())] = question.mapping;
  planned.mapped.older = evaluable_mappings(*planned.connection, planned.mapped.relation,
                                            planned.snapshot->manifest().mappings, planned.mapped.mapping);
  PlanOptions options = options_of(question, limit, paths_.plan(kSync));
  options.owners = &*planned.owners;
  auto made = make_plan(*planned.connection, planned.mapped, *planned.snapshot, options);
  if (!made.ok()) return made.error();
  planned.plan = *std::move(made);
  auto rows = read_plan(*planned.connection, planned.plan, question.mapping);
  if (!rows.ok()) return rows.error();
  planned.rows = *std::move(rows);
  return planned;
}

Result<void> Machine::write_journal(const PlanQuestion& question, const Planned& planned,
                                    const std::vector<RowOutcome>& outcomes, const RunEnding& ending) {
  auto log = LogWriter::create(disk_, paths_.journal(kSync), run_name());
  if (!log.ok()) return log.error();
  RunFacts facts;
  facts.run = run_name();
  facts.sync = kSync;
  facts.mapping = planned.mapped.mapping.description();
  facts.cause = question.cause;
  facts.hold_doubt = ending.hold_doubt;
  std::vector<JournalRecord> records{facts};
  if (ending.intended_through > 0) records.push_back(Intent{.through = ending.intended_through, .rows = {}});
  if (!ending.intended.empty()) records.push_back(Intent{.through = 0, .rows = ending.intended});
  for (const auto& outcome : outcomes) records.push_back(OutcomeGroup::of(outcome));
  if (ending.orderly) records.push_back(RunEnd{"succeeded", ""});
  for (const auto& record : records)
    if (auto added = log->append(encode_record(record)); !added.ok()) return added;
  return log->sync();
}

Result<bool> Machine::settle(const PlanQuestion& question, Planned& planned,
                             const std::vector<RowOutcome>& outcomes, const RunEnding& ending, Time now) {
  ++runs_;
  if (auto written = write_journal(question, planned, outcomes, ending); !written.ok())
    return written.error();
  if (ending.power_cut_after) disk_.arm(FaultyDisk::Fault::power_cut, *ending.power_cut_after);
  const SettleExtras extras{.plan = ending.orderly ? &planned.plan : nullptr};
  auto settled = penstock::settle(disk_, paths_, kSync, now, extras);
  const bool cut = disk_.struck();
  if (auto on = disk_.power_on(); !on.ok()) return on.error();
  if (!settled.ok() && !cut) return settled.error();
  auto after = snapshot();
  if (!after.ok()) return after.error();
  const bool advanced = after->manifest().last_run == run_name();
  if (!settled.ok() && *needs_recovery(disk_, paths_, kSync)) {
    auto again = penstock::settle(disk_, paths_, kSync, now);
    if (!again.ok()) return again.error();
  }
  return advanced && ending.orderly;
}

uint64_t Machine::operations_kept() {
  auto database = duck::Database::open({.path = "", .temporary_directory = "", .threads = 1});
  auto connection = database->connect();
  return *connection->number(fmt::format("SELECT count(*) FROM read_parquet({})",
                                         duck::quote_text(paths_.operations(kSync, run_name()))));
}

std::vector<MappingSpec> Machine::remembered() {
  auto snapshot = Snapshot::open(disk_, paths_.snapshot(kSync), Verify::headers);
  check(snapshot.ok(), "the snapshot opens");
  const std::string text = std::as_const(*snapshot).manifest().mappings;
  std::vector<MappingSpec> all;
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(text).get_array().get(array) != simdjson::SUCCESS) return all;
  for (const auto one : array)
    if (const auto known = described_.find(minified(simdjson::minify(one))); known != described_.end())
      all.push_back(known->second);
  return all;
}

}  // namespace penstock::property
