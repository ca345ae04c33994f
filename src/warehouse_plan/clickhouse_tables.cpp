#include "warehouse_plan/clickhouse_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "source/clickhouse/clickhouse_source.h"
#include "warehouse_plan/copied_text.h"
#include "warehouse_plan/questions.h"
#include "warehouse_plan/statements.h"

namespace penstock {
namespace {

// What must be true for both of the servers that are tried: 18.16, which Debian 12 has, and those of 2026. So
// no joins (their syntax changed) and no functions of nullable arguments (a NULL makes all of the result
// NULL).

// Of a state's column, by its type. {0}: its name.
struct Form {
  std::string_view type;
  std::string_view empty;  // its value in a table without lines, which gives the type
  std::string_view text;
  std::string_view staged;  // what is sent of it, in DuckDB's SQL
};
constexpr Form kForms[] = {
    {"bigint", "CAST(NULL AS Nullable(Int64))", "toString({0})", "{0}"},
    {"boolean", "toUInt8(0)", "if({0} = 1, 'true', 'false')", "CAST(coalesce({0}, false) AS TINYINT)"},
    {"text", "CAST(NULL AS Nullable(String))", "{0}", "{0}"}};

std::string formed(const StateColumn& column, std::string_view Form::* part) {
  for (const auto& form : kForms)
    if (form.type == column.type) return fmt::format(fmt::runtime(form.*part), column.name);
  die("a type of a state's column without a form");
}

std::string ch_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string key_list(const std::vector<std::string>& keys, std::string_view form) {
  std::string out;
  for (size_t i = 0; i < keys.size(); ++i)
    out += fmt::format(fmt::runtime(form), fmt::arg("column", duck::quote_name(keys[i])), fmt::arg("i", i),
                       fmt::arg("comma", i > 0 ? ", " : ""));
  return out;
}

// (k0, k1), or k0.
std::string key_tuple(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += fmt::format("{}k{}", i > 0 ? ", " : "", i);
  return count == 1 ? out : "(" + out + ")";
}

class ClickhouseTables final : public PlanTables {
 public:
  ClickhouseTables(TableNames names, std::string project, std::string sync,
                   std::shared_ptr<clickhouse::Server> server, std::string version)
      : PlanTables(std::move(names), std::move(project), std::move(sync)),
        server_(std::move(server)),
        version_(std::move(version)) {}

  // How values become text may change with the server.
  std::string digest_kind() const override { return "clickhouse " + version_; }

  std::string digest(std::string_view, const std::vector<std::string>& columns) const override {
    std::string list;
    for (const auto& column : columns)
      list += fmt::format(", isNull({0}), ifNull(toString({0}), '')", duck::quote_name(column));
    return fmt::format("greatest(sipHash64(1{}), toUInt64(1))", list);
  }

  Statements statements(const Question& question) const override {
    std::string columns;
    for (const auto& column : question.columns) columns += duck::quote_name(column) + ", ";
    Statements out;
    out.candidates = fmt::format("SELECT {}{} AS penstock_digest FROM (\n{}\n)", columns,
                                 digest("", question.inputs), question.model);
    out.entries = "SELECT key AS penstock_key, toString(digest) AS penstock_known";
    for (size_t i = 0; i < question.keys.size(); ++i)
      out.entries += fmt::format(", k{0} AS penstock_k{0}", i);
    for (const auto& column : kStateColumns)
      out.entries += fmt::format(", {} AS penstock_{}", formed(column, &Form::text), column.name);
    const std::string generation =
        question.has_entries ? fmt::format("(SELECT max(generation) FROM {} WHERE {})", names_.syncs, where())
                             : "0";
    out.total = fmt::format(
        "SELECT toInt64(count()) AS penstock_total, toInt64({}) AS penstock_generation FROM (\n{}\n)",
        generation, question.model);
    if (!question.has_entries) {
      out.entries = "";
      out.candidates = fmt::format("SELECT {}{} AS penstock_digest, {} FROM (\n{}\n)", columns,
                                   digest("", question.inputs), no_entry(question), question.model);
      return out;
    }
    out.entries += fmt::format(" FROM {} FINAL WHERE deleted = 0", names_.entries);
    if (question.all) return out;
    const std::string wanted = candidate_keys(question);
    out.candidates += fmt::format(" WHERE {} GLOBAL IN ({}){}",
                                  question.keys.size() == 1
                                      ? key_list(question.keys, "toNullable({column})")
                                      : "(" + key_list(question.keys, "{comma}toNullable({column})") + ")",
                                  wanted, key_list(question.keys, " OR isNull({column})"));
    out.entries += fmt::format(" AND ({} GLOBAL IN ({}){})", key_tuple(question.keys.size()), wanted,
                               question.has_unplaced ? " OR isNull(k0)" : "");
    return out;
  }

  std::string lines(const std::string& table, size_t key_columns,
                    const std::vector<std::string>* keys) const override {
    std::string inner, outer, list;
    for (const auto& column : kStateColumns) {
      inner += fmt::format(", {} AS t_{}", formed(column, &Form::text), column.name);
      outer += fmt::format(", t_{0} AS {0}", column.name);
    }
    if (key_columns > 0) {
      inner += ", toString(digest) AS t_digest";
      outer += ", t_digest AS digest";
    }
    for (size_t i = 0; i < key_columns; ++i) {
      inner += fmt::format(", k{}", i);
      outer += fmt::format(", k{}", i);
    }
    if (keys != nullptr) {
      for (const auto& key : *keys) list += fmt::format("{}'{}'", list.empty() ? "" : ", ", key);
      list = fmt::format(" AND key IN ({})", list);
    }
    return fmt::format("SELECT key{} FROM (SELECT key{} FROM {} FINAL WHERE deleted = 0{})", outer, inner,
                       table, list);
  }

  Result<std::optional<Head>> head() override {
    auto there = server_->rows(
        fmt::format(
            "SELECT count() FROM system.tables WHERE name = 'syncs' AND concat('\"', database, '\"') = {}",
            ch_text(names_.schema)),
        0);
    if (!there.ok()) return failed(there.error());
    if ((*there)[0][0] == "0") return std::optional<Head>();
    auto lines = server_->rows(
        fmt::format(
            "SELECT toString(generation), last_run, mappings, digest_of, counts, if(has_unplaced = 1, "
            "'true', "
            "'false'), if(is_left = 1, 'true', 'false') FROM {} WHERE {} ORDER BY generation DESC LIMIT 1",
            names_.syncs, where()),
        0);
    if (!lines.ok()) return failed(lines.error());
    if (lines->empty()) return std::optional<Head>();
    Head head = read_head({(*lines)[0].begin(), (*lines)[0].end()});
    if (head.left) return std::optional<Head>(std::move(head));
    // Counted, not remembered: a push that broke off has changed some lines.
    auto counts = server_->rows(
        fmt::format("SELECT toString(count()), toString(countIf(isNotNull(accepted))), "
                    "toString(countIf(isNotNull(accepted) AND gone = 0)), toString(countIf(gone = 1)), "
                    "toString(countIf(foreign_record = 1)), toString(countIf(isNotNull(waiting))) FROM {} "
                    "FINAL WHERE "
                    "deleted = 0",
                    names_.entries),
        0);
    if (!counts.ok()) return failed(counts.error());
    const auto number = [&](size_t i) { return std::stoull((*counts)[0][i]); };
    head.counts = {number(0), number(1), number(2), number(3), number(4), number(5)};
    return std::optional<Head>(std::move(head));
  }

  Result<void> prepare() override {
    const std::string statements[]{
        fmt::format("CREATE DATABASE IF NOT EXISTS {}", names_.schema),
        fmt::format(
            "CREATE TABLE IF NOT EXISTS {} (project String, sync String, generation UInt64, last_run String, "
            "mappings String, digest_of String, counts String, has_unplaced UInt8, is_left UInt8) ENGINE = "
            "MergeTree() PARTITION BY tuple() ORDER BY (project, sync, generation)",
            names_.syncs)};
    for (const auto& statement : statements)
      if (auto written = server_->write(statement); !written.ok()) return failed(written.error());
    return success();
  }

  Result<void> create(const std::string& model, const std::vector<std::string>& keys) override {
    std::string state, nullable = key_list(keys, "toNullable({column}) AS k{i}, ");
    for (const auto& column : kStateColumns)
      state += fmt::format(", {} AS {}", formed(column, &Form::empty), column.name);
    state += ", toUInt64(0) AS version, toUInt8(0) AS deleted";
    constexpr std::string_view kEngine =
        "ENGINE = ReplacingMergeTree(version) PARTITION BY tuple() ORDER BY key";
    if (auto prepared = prepare(); !prepared.ok()) return prepared;
    std::vector<std::string> statements;
    for (const auto& table : {names_.entries, names_.owners, names_.written})
      statements.push_back(fmt::format("DROP TABLE IF EXISTS {}", table));
    statements.push_back(
        fmt::format("CREATE TABLE {} {} AS SELECT {}'' AS key, toUInt64(0) AS digest{} FROM (\n{}\n) "
                    "LIMIT 0",
                    names_.entries, kEngine, nullable, state, model));
    for (const auto& table : {names_.owners, names_.written})
      statements.push_back(
          fmt::format("CREATE TABLE {} {} AS SELECT '' AS key{} LIMIT 0", table, kEngine, state));
    for (const auto& statement : statements)
      if (auto written = server_->write(statement); !written.ok()) return failed(written.error());
    return success();
  }

  Result<void> apply(const Changes& changes) override {
    auto now = generation();
    if (!now.ok()) return now.error();
    if (*now != changes.base) return pushed_by_another();
    auto local = duck::Connection::open({.path = changes.file, .temporary_directory = ""});
    if (!local.ok()) return local.error();
    for (const auto& [table, staged] : names_.of_sync())
      if (auto inserted = insert(*local, table, staged, changes); !inserted.ok()) return inserted;
    return put_head(changes.head);
  }

  Result<void> leave() override {
    auto known = head();
    if (!known.ok() || !*known) return known.ok() ? success() : Result<void>(known.error());
    (*known)->left = true;
    ++(*known)->generation;
    return put_head(**known);
  }

  void interrupt() override { server_->cancel(); }

 private:
  std::string where() const {
    return fmt::format("project = {} AND sync = {}", ch_text(project_), ch_text(sync_));
  }

  Error failed(Error error) const {
    if (error.kind == ErrorKind::config) error.kind = ErrorKind::source;
    error.message =
        fmt::format("the state of this sync is kept in the database {}: {}", names_.schema, error.message);
    return error;
  }

  Result<uint64_t> generation() {
    auto rows = server_->rows(
        fmt::format("SELECT toString(max(generation)) FROM {} WHERE {}", names_.syncs, where()), 0);
    if (!rows.ok()) return failed(rows.error());
    return rows->empty() || (*rows)[0][0].empty() ? 0 : std::stoull((*rows)[0][0]);
  }

  static std::string no_entry(const Question& question) {
    std::string out =
        "CAST(NULL AS Nullable(String)) AS penstock_key, CAST(NULL AS Nullable(String)) AS penstock_known, ";
    out += key_list(question.keys, "{column} AS penstock_k{i}, ");
    out += state_columns("CAST(NULL AS Nullable(String)) AS penstock_{name}");
    return out +
           ", CAST(NULL AS Nullable(Int64)) AS penstock_total, CAST(NULL AS Nullable(Int64)) AS "
           "penstock_generation";
  }

  // Keys whose row and entry are not one each with one digest. What has no row and is known to be gone says
  // nothing new.
  std::string candidate_keys(const Question& question) const {
    std::string keys;
    for (size_t i = 0; i < question.keys.size(); ++i) keys += fmt::format("{}k{}", i > 0 ? ", " : "", i);
    return fmt::format(
        "SELECT {0} FROM (SELECT {1}{2} AS d, toUInt8(1) AS side, toUInt8(0) AS is_gone FROM (\n{3}\n) UNION "
        "ALL SELECT "
        "{0}, digest AS d, toUInt8(0) AS side, gone AS is_gone FROM {4} FINAL WHERE deleted = 0) GROUP BY "
        "{0} HAVING NOT "
        "(sum(side) = 1 AND count() = 2 AND min(d) = max(d)) AND NOT (sum(side) = 0 AND max(is_gone) = 1)",
        keys, key_list(question.keys, "toNullable({column}) AS k{i}, "), digest("", question.inputs),
        question.model, names_.entries);
  }

  Result<void> insert(duck::Connection& local, const std::string& table, const std::string& staged,
                      const Changes& changes) {
    std::string names, values;
    const auto add = [&](std::string_view name, const std::string& value) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
      values += fmt::format("{}CAST({} AS VARCHAR)", values.empty() ? "" : ", ", value);
    };
    const size_t keys = staged == "entries" ? changes.key_columns : 0;
    for (size_t i = 0; i < keys; ++i) add(fmt::format("k{}", i), fmt::format("k{}", i));
    add("key", "replace(CAST(key AS VARCHAR), '-', '')");
    if (keys > 0) add("digest", "coalesce(digest, 0)");
    for (const auto& column : kStateColumns) add(column.name, formed(column, &Form::staged));
    add("version", std::to_string(changes.head.generation));
    add("deleted", "CAST(deleted AS TINYINT)");
    auto sent = send_as_text(local, fmt::format("SELECT {} FROM {}", values, staged), [&](std::string text) {
      auto written = server_->write(fmt::format("INSERT INTO {} ({}) FORMAT TabSeparated", table, names),
                                    std::move(text));
      return written.ok() ? success() : Result<void>(failed(written.error()));
    });
    return sent.ok() ? success() : Result<void>(sent.error());
  }

  // A line more; the newest counts.
  Result<void> put_head(const Head& head) {
    auto written = server_->write(fmt::format("INSERT INTO {} VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})",
                                              names_.syncs, ch_text(project_), ch_text(sync_),
                                              head.generation, ch_text(head.last_run), ch_text(head.mappings),
                                              ch_text(head.digest_of), ch_text(counts_text(head.counts)),
                                              head.has_unplaced ? 1 : 0, head.left ? 1 : 0));
    return written.ok() ? success() : Result<void>(failed(written.error()));
  }

  std::shared_ptr<clickhouse::Server> server_;
  std::string version_;
};

}  // namespace

Result<std::unique_ptr<PlanTables>> open_clickhouse_tables(const config::Source& source, TableNames names,
                                                           const std::string& project,
                                                           const std::string& sync,
                                                           const declare::Resolver& resolver,
                                                           const OpenOptions& options) {
  auto server = clickhouse_server(source, resolver, options);
  if (!server.ok()) return server.error();
  auto version = (*server)->rows("SELECT version()", 0);
  if (!version.ok()) return version.error();
  return std::unique_ptr<PlanTables>(
      new ClickhouseTables(std::move(names), project, sync, *std::move(server), (*version)[0][0]));
}

}  // namespace penstock
