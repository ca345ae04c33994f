#include "plan/plan.h"

#include <fmt/format.h>

#include <map>

#include "plan/kept_matches.h"
#include "plan/removals.h"
#include "plan/samples.h"
#include "plan/stage.h"
#include "plan/taken_matches.h"

namespace penstock {
namespace {

constexpr std::string_view kSent = "class BETWEEN 1 AND 5";

// Rows whose match value another row has as well.
std::string repeated_match_sql(const MappedModel& model, const PlanOptions& options) {
  std::string values, converted;
  for (size_t i = 0; i < model.mapping.match.size(); ++i) {
    // A value that could not be converted says so after a control character; its row is invalid anyway.
    if (model.mapping.match[i].converted)
      converted += fmt::format(" AND (m{0} IS NULL OR NOT starts_with(m{0}, chr(1)))", i);
    // Of several values some may be missing; what has none of them is invalid anyway.
    const bool one = model.mapping.match.size() == 1;
    const std::string text = one ? "penstock_text(m0)" : fmt::format("coalesce(penstock_text(m{}), '')", i);
    values += fmt::format("{}{}", i > 0 ? " || chr(31) || " : "",
                          options.match_ignores_case ? fmt::format("lower({})", text) : text);
  }
  // Grouped first: there usually are none, and then the rows need not be looked at again.
  return fmt::format(
      "INSERT INTO penstock_refused SELECT row, 'the match value occurs in ' || times || ' rows' FROM "
      "(SELECT rowid AS row, {0} AS value FROM penstock_stage WHERE {1}) JOIN "
      "(SELECT {0} AS value, count(*) AS times FROM penstock_stage WHERE {1} AND {0} IS NOT NULL{2} GROUP BY "
      "1 "
      "HAVING count(*) > 1) USING (value)",
      values, kSent, converted);
}

// The table `penstock_repeated`: keys that occur several times.
Result<void> list_repeated(duck::Connection& connection, const RowProbe& probe) {
  auto created =
      connection.run("CREATE TEMP TABLE penstock_repeated(key_hi UBIGINT, key_lo UBIGINT, times UBIGINT)");
  if (!created.ok()) return created.error();
  auto appender = duck::Appender::open(connection, "penstock_repeated");
  if (!appender.ok()) return appender.error();
  for (const auto& [key, more] : probe.duplicates())
    if (auto row = appender->add(key.hi).add(key.lo).add(more + 1).end_row(); !row.ok()) return row;
  return appender->close();
}

// The table `penstock_refused`(row, reason): staged rows that are not sent after all.
Result<void> refuse_rows(duck::Connection& connection, const MappedModel& model, const PlanOptions& options,
                         const RowProbe& probe, Staged& staged) {
  if (staged.rows == 0) return success();
  auto created = connection.run("CREATE TEMP TABLE penstock_refused(row BIGINT, reason VARCHAR)");
  if (!created.ok()) return created.error();
  std::vector<std::string> statements;
  if (!probe.duplicates().empty() || options.probe.everything)
    if (auto listed = list_repeated(connection, probe); !listed.ok()) return listed;
  if (!probe.duplicates().empty())
    statements.push_back(fmt::format(
        "INSERT INTO penstock_refused SELECT stage.rowid, 'the key occurs ' || times || ' times' FROM "
        "penstock_stage stage JOIN penstock_repeated repeated ON "
        "d.key_hi = repeated.key_hi AND d.key_lo = repeated.key_lo WHERE {}",
        kSent));
  if (staged.unfit > 0)
    statements.push_back(fmt::format(
        "INSERT INTO penstock_refused SELECT rowid, d.invalid FROM penstock_stage WHERE d.invalid IS NOT "
        "NULL AND {}",
        kSent));
  if (!model.mapping.match.empty() && staged.rows > 1)
    statements.push_back(repeated_match_sql(model, options));
  for (const auto& statement : statements) {
    const auto refused = connection.run(statement);
    if (!refused.ok()) return refused.error();
    staged.refused += *refused;
  }
  return success();
}

// Numbers of rows that are refused, of each class.
Result<std::map<RowClass, uint64_t>> count_refused(duck::Connection& connection, const Staged& staged) {
  std::map<RowClass, uint64_t> counts;
  if (staged.refused == 0) return counts;
  const auto rows = connection.texts(
      "SELECT class, count(DISTINCT row) FROM penstock_refused JOIN penstock_stage stage ON row = "
      "stage.rowid "
      "GROUP BY class");
  if (!rows.ok()) return rows.error();
  for (const auto& row : *rows) counts[static_cast<RowClass>(std::stoi(*row[0]))] = std::stoull(*row[1]);
  return counts;
}

// Keys that came several times and whose first row is not staged.
Result<std::vector<KeyHash>> first_not_staged(duck::Connection& connection, const RowProbe& probe) {
  std::vector<KeyHash> keys;
  if (probe.duplicates().empty()) return keys;
  const auto rows = connection.texts(fmt::format(
      "SELECT key_hi, key_lo FROM penstock_repeated repeated ANTI JOIN (SELECT * FROM penstock_stage WHERE "
      "{}) s ON s.d.key_hi = repeated.key_hi AND s.d.key_lo = repeated.key_lo",
      kSent));
  if (!rows.ok()) return rows.error();
  for (const auto& row : *rows) keys.push_back({std::stoull(*row[0]), std::stoull(*row[1])});
  return keys;
}

// A key that came several times: its first row was taken for whatever it looked like, and is invalid as well.
// Staged first rows are in `penstock_refused`; the others were counted as unchanged (or waiting).
Result<void> count_rows(duck::Connection& connection, const Snapshot& snapshot, const RowProbe& probe,
                        const Staged& staged, PlanCounts& counts) {
  const ProbeCounts seen = probe.counts();
  uint64_t sent[6] = {0, seen.added, seen.changed, seen.remapped, seen.unknown, seen.forced};
  const auto refused_rows = count_refused(connection, staged);
  if (!refused_rows.ok()) return refused_rows.error();
  uint64_t refused = 0;
  for (const auto& [row_class, count] : *refused_rows) {
    sent[static_cast<size_t>(row_class)] -= count;
    refused += count;
  }
  const auto not_staged = first_not_staged(connection, probe);
  if (!not_staged.ok()) return not_staged.error();
  uint64_t unchanged = seen.unchanged, waiting = seen.waiting;
  for (const KeyHash key : *not_staged) {
    const auto found = snapshot.find(key);
    if (!found.ok()) return found.error();
    uint64_t& counted_as = *found && (*found)->waiting && waiting > 0 ? waiting : unchanged;
    --counted_as;
  }
  counts.rows += seen.rows;
  counts.added = sent[1];
  counts.remapped = sent[3];
  counts.unknown = sent[4];
  counts.forced = sent[5];
  counts.changed = sent[2] + sent[3] + sent[4] + sent[5];
  counts.unchanged += unchanged;  // less those that are refused for another row's match value
  counts.waiting = waiting;
  counts.invalid += seen.null_key + seen.duplicate_key + refused + not_staged->size();
  return success();
}

// The match value that a row's record may have by now. A write in doubt may have given it another than the
// snapshot knows; so a record that is followed gets the row's own once more, as if it had changed.
std::string match_before_sql(const MappedModel& model, const PlanOptions& options, const Staged& staged) {
  if (options.replaces_records)
    return "CASE WHEN row NOT IN (SELECT row FROM penstock_kept) THEN d.match_before END";
  const size_t matches = model.mapping.match.size();
  if (!options.follows_records || options.forget_removed || matches == 0) return "d.match_before";
  std::string now = "penstock_text(m0)";
  if (matches > 1) {
    now.clear();
    for (size_t i = 0; i < matches; ++i)
      now += fmt::format("{}coalesce(penstock_text(m{}), '')", i > 0 ? ", " : "", i);
    now = fmt::format("CAST(to_json([{}]) AS VARCHAR)", now);
  }
  // What was perhaps never written has no record to be followed; another row may have its old value by now.
  const std::string unwritten =
      staged.passed == 0 ? "" : "WHEN class = 4 AND row IN (SELECT row FROM penstock_passed) THEN NULL ";
  const std::string mark =
      staged.kept == 0
          ? ""
          : fmt::format("CASE WHEN row IN (SELECT row FROM penstock_kept) THEN chr({}) ELSE '' END || ",
                        static_cast<int>(kIsAnothers));
  return fmt::format(
      "{}CASE {}WHEN class = 4 AND d.match_before IS NULL AND d.record_id IS NOT NULL THEN {} ELSE "
      "d.match_before END",
      mark, unwritten, now);
}

// Which columns of the plan file hold what is in the stage.
std::string file_columns(const MappedModel& model, const PlanOptions& options, const Staged& staged) {
  std::string out = fmt::format(
      "CASE class WHEN 1 THEN 'added' ELSE 'changed' END AS \"change\", "
      "{}CASE class WHEN 1 THEN 'new' WHEN 2 THEN 'data' WHEN 3 THEN 'mapping' WHEN 4 THEN 'in doubt' ELSE "
      "'full' END{} AS why, "
      "d.key AS key, d.key_hi AS key_hi, d.key_lo AS key_lo, d.fingerprint AS fingerprint, d.record_id AS "
      "record_id, "
      "{} AS match_before, {} AS send",
      staged.passed == 0
          ? ""
          : fmt::format("CASE WHEN row IN (SELECT row FROM penstock_passed) THEN '{}' ELSE ", kPassedOn),
      staged.passed == 0 ? "" : " END", match_before_sql(model, options, staged),
      options.whole_records ? "CAST(NULL AS VARCHAR)" : "d.send");
  const Mapping& mapping = model.mapping;
  for (size_t i = 0; i < mapping.match.size(); ++i) out += fmt::format(", m{} AS m{}", i, i);
  for (size_t i = 0; i < mapping.fields.size(); ++i) out += fmt::format(", f{} AS f{}", i, i);
  return out + ", takes_over";
}

std::string removed_columns(const MappedModel& model) {
  std::string out = "'removed', why, key, key_hi, key_lo, fingerprint, record_id, NULL, NULL";
  const Mapping& mapping = model.mapping;
  for (size_t i = 0; i < mapping.match.size(); ++i)
    out += fmt::format(", TRY_CAST(m{} AS {})", i, storage_sql_type(mapping.match[i].type));
  for (const auto& field : mapping.fields)
    out += fmt::format(", CAST(NULL AS {})", storage_sql_type(field.type));
  return out + ", NULL";
}

// Names that people and other tools see; the prefixes keep them apart from the plan's own.
std::string named_columns(const MappedModel& model) {
  std::string out = "\"change\", why, key, key_hi, key_lo, fingerprint, record_id, match_before, send";
  const Mapping& mapping = model.mapping;
  for (size_t i = 0; i < mapping.match.size(); ++i)
    out += fmt::format(", m{} AS {}", i, duck::quote_name("match." + mapping.match[i].name));
  for (size_t i = 0; i < mapping.fields.size(); ++i)
    out += fmt::format(", f{} AS {}", i, duck::quote_name("fields." + mapping.fields[i].name));
  return out + ", takes_over";
}

// The staged rows, with the keys whose records they may have from now on.
std::string stage_sql(const Staged& staged) {
  std::string keys = "CAST(NULL AS VARCHAR)", tables;
  if (staged.heirs > 0) tables += " LEFT JOIN penstock_heirs heirs ON heirs.row = s.rowid";
  if (staged.given > 0) tables += " LEFT JOIN penstock_given given ON given.row = s.rowid";
  if (staged.heirs > 0) keys = "heirs.takes_over";
  if (staged.given > 0) keys = fmt::format("nullif(concat_ws(' ', {}, '| ' || given.displaces), '')", keys);
  return fmt::format("(SELECT s.*, s.rowid AS row, {} AS takes_over FROM penstock_stage s{})", keys, tables);
}

// A query of the rows that go into the file, in its order.
std::string rows_sql(const MappedModel& model, const PlanOptions& options, const Staged& staged) {
  std::string rows =
      fmt::format("SELECT {} FROM {} WHERE {}{}", file_columns(model, options, staged), stage_sql(staged),
                  kSent, staged.refused == 0 ? "" : " AND row NOT IN (SELECT row FROM penstock_refused)");
  if (staged.removals > 0)
    rows += fmt::format(" UNION ALL SELECT {} FROM penstock_removed", removed_columns(model));
  if (options.limit) rows += fmt::format(" LIMIT {}", *options.limit);
  return rows;
}

// The file is read once or twice and then kept for people to look at. So it is written fast rather than
// small: zstd and dictionaries of many thousand values take twice the time, to save a third of the bytes.
// Several groups of rows, so that threads share the work.
Result<uint64_t> write_file(duck::Connection& connection, const std::string& rows, const MappedModel& model,
                            const PlanOptions& options) {
  return connection.run(
      fmt::format("COPY (SELECT {} FROM ({})) TO {} (FORMAT parquet, COMPRESSION snappy, "
                  "DICTIONARY_SIZE_LIMIT 1000, ROW_GROUP_SIZE 40960)",
                  named_columns(model), rows, duck::quote_text(options.file)));
}

}  // namespace

Result<Plan> make_plan(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                       const PlanOptions& options) {
  Plan plan;
  plan.file = options.file;
  ProbeOptions probing = options.probe;
  probing.owners = options.owners;
  auto probe = std::make_shared<RowProbe>(snapshot, model, probing);
  if (auto marked = probe->mark_seen(options.elsewhere.kept); !marked.ok()) return marked.error();
  plan.counts.rows = plan.counts.unchanged = options.elsewhere.unchanged;
  const auto filled = fill_stage(connection, model, snapshot, probe, options);
  if (!filled.ok()) return filled.error();
  Staged staged = *filled;
  if (auto refused = refuse_rows(connection, model, options, *probe, staged); !refused.ok())
    return refused.error();
  if (auto taken = refuse_taken_matches(connection, model, snapshot, *probe, options, plan, staged);
      !taken.ok())
    return taken.error();
  if (auto counted = count_rows(connection, snapshot, *probe, staged, plan.counts); !counted.ok())
    return counted.error();
  if (auto removed = find_removals(connection, model, snapshot, *probe, options, plan, staged); !removed.ok())
    return removed.error();
  if (options.replaces_records || (options.follows_records && staged.moved > 0))
    if (auto kept = find_kept_matches(connection, model, snapshot, *probe, options, staged); !kept.ok())
      return kept.error();
  if (auto passed = find_passed_matches(connection, model, options, staged); !passed.ok())
    return passed.error();
  snapshot.release_details();
  const std::string rows = rows_sql(model, options, staged);
  auto written = write_file(connection, rows, model, options);
  if (!written.ok()) return written.error();
  plan.counts.to_send = *written;
  plan.counts.passed_on = staged.passed;
  if (auto sampled = take_samples(connection, rows, model, options, staged, plan); !sampled.ok())
    return sampled.error();
  plan.one_key = options.probe.only.has_value();
  plan.compared_with_older = !model.older.empty();
  if (probe->migrates()) plan.migration = probe;
  return plan;
}

}  // namespace penstock
