#include "plan/plan_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/plan_file_facts.h"
#include "plan/row_digest.h"

namespace penstock {
namespace {

constexpr size_t kFirstMatch = 9;  // columns before the match values
constexpr uint64_t kKeysShown = 5;

// What the rows of a file come to, in whatever order they stand.
struct RowsDigest {
  std::string text;
  bool unique = true;  // no key twice
};

Result<RowsDigest> digest_rows(duck::Connection& connection, const std::string& file) {
  if (auto defined = define_row_hash(connection); !defined.ok()) return defined.error();
  const std::string relation = parquet_file_sql(file);
  const auto hash = row_hash_sql(connection, relation);
  if (!hash.ok()) return hash.error();
  auto rows = connection.texts(fmt::format(
      "SELECT count(*), coalesce(sum(times), 0), coalesce(sum(hashes), 0), coalesce(bit_xor(mixed), 0) FROM "
      "(SELECT count(*) AS times, sum(hash) AS hashes, bit_xor(hash) AS mixed FROM (SELECT key_hi, key_lo, "
      "{} AS "
      "hash FROM {}) GROUP BY key_hi, key_lo)",
      *hash, relation));
  if (!rows.ok()) return rows.error();
  const auto& row = (*rows)[0];
  return RowsDigest{fmt::format("{} rows, sum {}, mixed {}", *row[1], *row[2], *row[3]), row[0] == row[1]};
}

// Of the facts and the rows, in 128 of SHA-256's bits: approvals are given for it.
Result<std::string> digest_of(duck::Connection& connection, const PlanFileEntries& entries,
                              const std::string& rows) {
  std::string text = rows;
  for (const auto& [name, value] : entries)
    if (name != "penstock_digest") text += fmt::format("\n{} {} {}", name, value.size(), value);
  auto digest = connection.texts(fmt::format("SELECT sha256({})[1:32]", duck::quote_text(text)));
  if (!digest.ok()) return digest.error();
  return (*digest)[0][0].value_or("");
}

std::string metadata_sql(const PlanFileEntries& entries) {
  std::string out;
  for (const auto& [name, value] : entries)
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, duck::quote_text(value));
  return "{" + out + "}";
}

Error about_file(Error error, const std::string& path) {
  if (error.kind == ErrorKind::disk || error.kind == ErrorKind::interrupted) return error;
  return {ErrorKind::config, fmt::format("the plan file {} cannot be read: {}", path, error.message),
          "plan again: `penstock plan SYNC --out FILE`"};
}

Result<PlanFileEntries> read_entries(duck::Connection& connection, const std::string& path) {
  std::string reading = parquet_file_sql(path);
  reading.replace(0, std::string_view("read_parquet").size(), "parquet_kv_metadata");
  // Other programs write bytes of all kinds there: only ours are looked at.
  auto rows =
      connection.texts(fmt::format("SELECT CAST(key AS VARCHAR), decode(value) FROM {} WHERE "
                                   "starts_with(CAST(key AS VARCHAR), 'penstock_')",
                                   reading));
  if (!rows.ok()) return rows.error();
  PlanFileEntries entries;
  for (auto& row : *rows) entries.emplace_back(row[0].value_or(""), row[1].value_or(""));
  return entries;
}

Result<PlanFile> understand(duck::Connection& connection, const std::string& path) {
  auto entries = read_entries(connection, path);
  if (!entries.ok()) return about_file(entries.error(), path);
  auto facts = facts_of(*entries);
  if (!facts.ok())
    return Error{ErrorKind::config, fmt::format("{} {}", path, facts.error().message), facts.error().remedy};
  PlanFile file{path, *std::move(facts), entry_of(*entries, "penstock_digest")};
  auto rows = digest_rows(connection, path);
  if (!rows.ok()) return about_file(rows.error(), path);
  const auto digest = digest_of(connection, entries_of(file.facts), rows->text);
  if (!digest.ok()) return digest.error();
  file.intact = rows->unique && *digest == file.digest;
  return file;
}

}  // namespace

Result<PlanFile> write_plan_file(Disk& disk, duck::Connection& connection, const Plan& plan,
                                 PlanFileFacts facts, const std::string& path) {
  PlanFile file{path, std::move(facts), ""};
  auto entries = entries_of(file.facts);
  auto rows = digest_rows(connection, plan.file);
  if (!rows.ok()) return rows.error();
  auto digest = digest_of(connection, entries, rows->text);
  if (!digest.ok()) return digest.error();
  file.digest = *digest;
  entries.emplace_back("penstock_digest", *digest);
  // The file is there with its owner's rights before a value is written into it.
  const std::string unfinished = path + ".new";
  if (auto made = disk.replace_private(unfinished, ""); !made.ok()) return made.error();
  const auto written = connection.run(
      fmt::format("COPY (FROM {}) TO {} (FORMAT parquet, COMPRESSION snappy, "
                  "USE_TMP_FILE false, KV_METADATA {})",
                  parquet_file_sql(plan.file), duck::quote_text(unfinished), metadata_sql(entries)));
  auto renamed = written.ok() ? disk.rename(unfinished, path) : Result<void>(written.error());
  if (renamed.ok()) return file;
  (void)disk.remove(unfinished);
  return renamed.error();
}

Result<PlanFile> read_plan_file(Disk& disk, const std::string& path) {
  const auto there = disk.exists(path);
  if (!there.ok()) return there.error();
  if (!*there)
    return Error{ErrorKind::config, fmt::format("there is no plan file {}", path),
                 "write one with `penstock plan SYNC --out FILE`"};
  if (disk.list(path).ok())
    return Error{ErrorKind::config, fmt::format("{} is a directory, not a plan file", path), "name the file"};
  if (auto brought = disk.bring(path); !brought.ok()) return brought.error();
  auto database = duck::Database::borrow({});
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  return understand(*connection, path);
}

Result<std::vector<SampleRow>> plan_file_samples(const PlanFile& file, uint64_t samples) {
  auto database = duck::Database::borrow({});
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  const std::string relation = parquet_file_sql(file.path);
  const auto columns = connection->describe("SELECT * FROM " + relation);
  if (!columns.ok()) return about_file(columns.error(), file.path);
  std::vector<SampleRow> all;
  for (const std::string_view change : {"added", "changed", "removed"}) {
    auto rows = connection->texts(
        fmt::format("SELECT * FROM {} WHERE \"change\" = '{}' LIMIT {}", relation, change, samples));
    if (!rows.ok()) return about_file(rows.error(), file.path);
    for (auto& row : *rows) {
      SampleRow& sample =
          all.emplace_back(SampleRow{std::string(change), row[1].value_or(""), row[2].value_or(""), {}, {}});
      sample.key_hash = {std::stoull(row[3].value_or("0")), std::stoull(row[4].value_or("0"))};
      if (change == "removed") continue;
      const std::string send = row[8].value_or("");
      size_t number = 0;
      for (size_t i = kFirstMatch; i < columns->size(); ++i) {
        const std::string& name = (*columns)[i].name;
        if (!name.starts_with("fields.")) continue;
        const std::string field = name.substr(7);
        const bool travels = send.empty() || (number < send.size() && send[number] == '1');
        ++number;
        const auto& personal = file.facts.personal;
        if (travels)
          sample.fields.push_back(
              {field, row[i], std::find(personal.begin(), personal.end(), field) != personal.end(), {}});
      }
    }
  }
  return all;
}

Result<PlanDifference> compare_plans(duck::Connection& connection, const std::string& earlier,
                                     const std::string& now, Holds holds) {
  if (auto defined = define_row_hash(connection); !defined.ok()) return defined.error();
  std::string sides[2];
  for (const auto& [side, file] : {std::pair(&sides[0], &earlier), std::pair(&sides[1], &now)}) {
    const std::string relation = parquet_file_sql(*file);
    const auto hash = row_hash_sql(connection, relation);
    if (!hash.ok()) return hash.error();
    *side = fmt::format("(SELECT key, key_hi, key_lo, {} AS hash FROM {})", *hash, relation);
  }
  const auto rows = connection.texts(
      fmt::format("SELECT found, count(*), array_to_string(list_transform(min(lpad(CAST(length(key) AS "
                  "VARCHAR), 9, '0') || "
                  "key, {}), lambda one: one[10:]), ', ') FROM (SELECT coalesce(earlier.key, "
                  "now.key) AS key, CASE WHEN now.hash IS NULL THEN 'gone' WHEN earlier.hash IS NULL THEN "
                  "'added' ELSE 'changed' "
                  "END AS found FROM {} earlier {} JOIN {} now USING (key_hi, key_lo) WHERE earlier.hash IS "
                  "DISTINCT FROM "
                  "now.hash) GROUP BY found",
                  kKeysShown, sides[0], holds == Holds::all ? "FULL" : "LEFT", sides[1]));
  if (!rows.ok()) return rows.error();
  PlanDifference difference;
  for (const auto& row : *rows) {
    auto& part = *row[0] == "gone"    ? difference.gone
                 : *row[0] == "added" ? difference.added
                                      : difference.changed;
    part.rows = std::stoull(*row[1]);
    part.keys = row[2].value_or("");
  }
  return difference;
}

Result<uint64_t> keep_common_rows(duck::Connection& connection, const std::string& earlier,
                                  const std::string& now, const std::string& out) {
  return connection.run(fmt::format(
      "COPY (SELECT planned.* FROM {} AS planned SEMI JOIN {} AS kept ON planned.key_hi = kept.key_hi AND "
      "planned.key_lo = kept.key_lo) TO {} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 40960)",
      parquet_file_sql(now), parquet_file_sql(earlier), duck::quote_text(out)));
}

}  // namespace penstock
