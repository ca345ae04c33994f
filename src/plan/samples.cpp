#include "plan/samples.h"

#include <fmt/format.h>

namespace penstock {
namespace {

Result<void> sample_changes(duck::Connection& connection, const std::string& planned,
                            const MappedModel& model, const PlanOptions& options, std::string_view change,
                            Plan& plan) {
  auto rows = connection.texts(
      fmt::format("SELECT * FROM ({}) WHERE \"change\" = '{}' LIMIT {}", planned, change, options.samples));
  if (!rows.ok()) return rows.error();
  const size_t first_field = 9 + model.mapping.match.size();
  for (auto& row : *rows) {
    SampleRow& sample = plan.samples.emplace_back();
    sample.change = change;
    sample.why = row[1].value_or("");
    sample.key = row[2].value_or("");
    sample.key_hash = {std::stoull(*row[3]), std::stoull(*row[4])};
    if (change == "removed") continue;
    if (row[7] && !model.mapping.match.empty() && row[7] != row[9]) {
      const MappedColumn& match = model.mapping.match[0];
      sample.fields.push_back({match.name, row[9], match.personal, row[7]});
    }
    for (size_t i = 0; i < model.mapping.fields.size(); ++i) {
      const MappedField& field = model.mapping.fields[i];
      const auto& send = row[8];
      const bool travels = (!send || (*send)[i] == '1') && (row[first_field + i] || !field.omit_null) &&
                           (change == "added" || field.write != WritePolicy::on_create);
      if (travels) sample.fields.push_back({field.name, row[first_field + i], field.personal, {}});
    }
  }
  return success();
}

Result<void> sample_refused(duck::Connection& connection, const std::string& sql,
                            std::vector<InvalidRow>& into) {
  auto rows = connection.texts(sql);
  if (!rows.ok()) return rows.error();
  for (auto& row : *rows) into.push_back({row[0].value_or(""), row[1].value_or("")});
  return success();
}

std::string invalid_sql(const Staged& staged) {
  return fmt::format(
      "SELECT key, min(reason) AS reason FROM ({2}SELECT d.key, CASE class WHEN {0} THEN "
      "'the key is NULL' ELSE 'the key occurs several times' END AS reason FROM penstock_stage WHERE class "
      ">= "
      "{0}) GROUP BY key ORDER BY key LIMIT {1}",
      static_cast<int>(RowClass::null_key), kSamplesMax,
      staged.refused == 0 ? ""
                          : "SELECT d.key AS key, reason FROM penstock_refused JOIN penstock_stage stage ON "
                            "row = stage.rowid UNION ALL ");
}

}  // namespace

Result<void> take_samples(duck::Connection& connection, const std::string& rows, const MappedModel& model,
                          const PlanOptions& options, const Staged& staged, Plan& plan) {
  const PlanCounts& counts = plan.counts;
  const std::pair<const char*, uint64_t> changes[] = {
      {"added", counts.added}, {"changed", counts.changed}, {"removed", staged.removals}};
  for (const auto& [change, count] : changes) {
    if (count == 0 || options.samples == 0) continue;
    if (auto done = sample_changes(connection, rows, model, options, change, plan); !done.ok()) return done;
  }
  if (counts.invalid > 0)
    if (auto done = sample_refused(connection, invalid_sql(staged), plan.invalid); !done.ok()) return done;
  if (counts.waiting == 0) return success();
  return sample_refused(connection,
                        fmt::format("SELECT d.key, '' FROM penstock_stage WHERE class = {} LIMIT {}",
                                    static_cast<int>(RowClass::waiting), kSamplesMax),
                        plan.waiting);
}

}  // namespace penstock
