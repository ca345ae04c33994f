#include "warehouse_plan/postgres_tables.h"

#include <fmt/format.h>

#include "database/postgres.h"
#include "source/postgres/postgres_source.h"
#include "source/postgres/reading.h"
#include "warehouse_plan/copied_text.h"
#include "warehouse_plan/questions.h"
#include "warehouse_plan/sql_tables.h"
#include "warehouse_plan/statements.h"

namespace penstock {
namespace {

constexpr Duration kConnectTime = 15s;

class PostgresTables final : public PlanTables {
 public:
  PostgresTables(TableNames names, std::string project, std::string sync, postgres::Login login,
                 Duration time_max)
      : PlanTables(std::move(names), std::move(project), std::move(sync)),
        connection_(std::move(login)),
        time_max_(time_max) {}

  std::string digest_kind() const override { return "postgres hash_record_extended"; }

  std::string digest(std::string_view alias, const std::vector<std::string>& columns) const override {
    return hash_of_row(alias, columns, columns);
  }

  Statements statements(const Question& question) const override {
    Statements asked = PlanTables::statements(question);
    const auto hash = [this](std::string_view alias, const std::vector<std::string>& columns,
                             const std::vector<std::string>& like) {
      return columns.size() == 1 ? hash_of_value(alias, columns[0], like[0])
                                 : hash_of_row(alias, columns, like);
    };
    asked.candidates = summed_candidates_sql(*this, question, {.hash = hash, .sum = "bit_xor", .add = "#"});
    return asked;
  }

  Result<std::optional<Head>> head() override {
    if (auto opened = open(); !opened.ok()) return opened.error();
    // hash_record_extended() and bit_xor() came with 14 (postgresql.org/docs/release/14.0, 2026-11).
    auto version = run("SELECT current_setting('server_version_num')::int >= 140000");
    if (!version.ok()) return failed(version.trouble);
    if (version.rows->text(0, 0) != "t")
      return Error{ErrorKind::config, "`planner: warehouse` needs PostgreSQL 14 or newer",
                   "set `planner: local`"};
    auto there = run(fmt::format("SELECT to_regclass({})", duck::quote_text(names_.syncs)));
    if (!there.ok()) return failed(there.trouble);
    if (there.rows->is_null(0, 0)) return std::optional<Head>();
    auto lines = run(head_sql(names_, project_, sync_));
    if (!lines.ok()) return failed(lines.trouble);
    if (lines.rows->count() == 0) return std::optional<Head>();
    return std::optional<Head>(head_in(*lines.rows));
  }

  Result<void> prepare() override {
    return in_transaction([&]() -> Result<void> {
      auto statements = create_schema_sql(names_);
      // To be told that a schema is there already takes the right to make one.
      auto there = run(fmt::format("SELECT to_regnamespace({})", duck::quote_text(names_.schema)));
      if (!there.ok()) return failed(there.trouble);
      if (!there.rows->is_null(0, 0)) statements.erase(statements.begin());
      return run_all(statements);
    });
  }

  Result<void> create(const std::string& model, const std::vector<std::string>& keys) override {
    if (auto prepared = prepare(); !prepared.ok()) return prepared;
    return in_transaction(
        [&] { return run_all(create_tables_sql(names_, model, keys, {"uuid", "bigint"})); });
  }

  Result<void> apply(const Changes& changes) override {
    return in_transaction([&]() -> Result<void> {
      auto lines = run(head_sql(names_, project_, sync_) + " FOR UPDATE");
      if (!lines.ok()) return failed(lines.trouble);
      const uint64_t generation = lines.rows->count() == 0 ? 0 : head_in(*lines.rows).generation;
      if (generation != changes.base) return pushed_by_another();
      auto local = duck::Connection::open({.path = changes.file, .temporary_directory = ""});
      if (!local.ok()) return local.error();
      for (const auto& [table, staged] : names_.of_sync())
        if (auto replaced = replace(*local, table, staged, changes); !replaced.ok()) return replaced;
      return run_all(put_head_sql(names_, project_, sync_, changes.head));
    });
  }

  Result<void> leave() override {
    return in_transaction([&] { return run_all({leave_sql(names_, project_, sync_)}); });
  }

  void interrupt() override { connection_.cancel(); }

 private:
  // The value itself where two that differ never hash alike; else its text, in which 1.0 and 1.00 differ,
  // byte by byte.
  std::string hashed(std::string_view alias, const std::string& column, std::string_view type) const {
    const std::string value = fmt::format("{}.{}", alias, duck::quote_name(column));
    for (const std::string_view exact : {"BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "DATE", "TIMESTAMP",
                                         "TIMESTAMP WITH TIME ZONE", "UUID"})
      if (type == exact) return value;
    if (type.starts_with("DECIMAL")) return value;  // the column has a scale
    return fmt::format("CAST({} AS text) COLLATE \"C\"", value);
  }

  // A hash for each column, joined: '' and NULL differ, 'ab', 'c' and 'a', 'bc', too.
  std::string hash_of_row(std::string_view alias, const std::vector<std::string>& columns,
                          const std::vector<std::string>& like) const {
    std::string list;
    for (size_t i = 0; i < columns.size(); ++i)
      list += (list.empty() ? "" : ", ") + hashed(alias, columns[i], type_of(like[i]));
    return fmt::format("hash_record_extended(ROW({}), 0)", list);
  }

  // The same of one column, by a function of its type, which takes a third of the time.
  std::string hash_of_value(std::string_view alias, const std::string& column,
                            const std::string& like) const {
    const std::string_view type = type_of(like);
    constexpr std::pair<std::string_view, std::string_view> kFunctions[] = {{"BIGINT", "hashint8extended"},
                                                                            {"INTEGER", "hashint4extended"},
                                                                            {"UUID", "uuid_hash_extended"},
                                                                            {"VARCHAR", "hashtextextended"}};
    for (const auto& [name, function] : kFunctions)
      if (type == name) return fmt::format("{}({}, 0)", function, hashed(alias, column, type));
    return hash_of_row(alias, {column}, {like});
  }

  Result<void> open() {
    connection_.set_deadline(kConnectTime);
    if (connection_.is_open()) return success();
    if (auto trouble = connection_.open()) return failed(*trouble);
    return success();
  }

  Error failed(const postgres::Trouble& trouble) const {
    Error error = postgres::as_error(trouble, "", 0);
    if (trouble.sqlstate == "42501") {
      error.kind = ErrorKind::source;
      error.message = fmt::format("the state of this sync cannot be kept in the schema {}: {}", names_.schema,
                                  trouble.message);
      error.remedy = fmt::format(
          "`planner: warehouse` needs a schema of its own: CREATE SCHEMA {0} AUTHORIZATION <the source's "
          "user>",
          names_.schema);
    }
    return error;
  }

  postgres::Outcome run(const std::string& sql) {
    connection_.set_deadline(time_max_ + kConnectTime);
    return connection_.run(sql);
  }

  Result<void> run_all(const std::vector<std::string>& statements) {
    for (const auto& one : statements)
      if (auto outcome = run(one); !outcome.ok()) return failed(outcome.trouble);
    return success();
  }

  template <class Work>
  Result<void> in_transaction(Work work) {
    if (auto opened = open(); !opened.ok()) return opened;
    if (auto begun = run("BEGIN; SET LOCAL client_min_messages = warning"); !begun.ok())
      return failed(begun.trouble);
    if (auto worked = work(); !worked.ok()) {
      if (connection_.is_open()) (void)run("ROLLBACK");
      return worked;
    }
    auto committed = run("COMMIT");
    return committed.ok() ? success() : Result<void>(failed(committed.trouble));
  }

  static Head head_in(const postgres::Rows& rows) {
    std::vector<std::optional<std::string>> line;
    for (size_t i = 0; i < 7; ++i) line.emplace_back(std::string(rows.text(0, i)));
    return read_head(line);
  }

  Result<void> replace(duck::Connection& local, const std::string& table, const std::string& staged,
                       const Changes& changes) {
    const std::string columns = line_columns(staged == "entries" ? changes.key_columns : 0);
    const std::string stage = "pg_temp.penstock_" + staged;
    std::vector<std::string> statements{fmt::format(
        "CREATE TEMP TABLE penstock_{} ON COMMIT DROP AS SELECT {}, false AS deleted FROM {} LIMIT 0", staged,
        columns, table)};
    if (auto created = run_all(statements); !created.ok()) return created;
    const auto copied = copy(local, staged, columns + ", deleted", stage);
    if (!copied.ok()) return copied.error();
    if (*copied == 0 && !changes.is_all) return success();
    if (auto replaced = run_all(replace_lines_sql(table, stage, columns, changes.is_all)); !replaced.ok())
      return replaced;
    if (!changes.is_all) return success();
    // Without statistics the server takes the key columns for badly spread, and joins on one core.
    return run_all(
        {fmt::format("ALTER TABLE {} ADD PRIMARY KEY (key)", table), fmt::format("ANALYZE {}", table)});
  }

  // How many lines there were.
  Result<uint64_t> copy(duck::Connection& local, const std::string& staged, const std::string& columns,
                        const std::string& stage) {
    const std::string sql = fmt::format("COPY {}({}) FROM STDIN", stage, columns);
    return send_as_text(
        local, fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (SELECT {} FROM {})", columns, staged),
        [&](const std::string& text) -> Result<void> {
          connection_.set_deadline(time_max_ + kConnectTime);
          auto outcome = connection_.copy_in(sql, text);
          return outcome.ok() ? success() : Result<void>(failed(outcome.trouble));
        });
  }

  postgres::Connection connection_;
  Duration time_max_;
};

}  // namespace

Result<std::unique_ptr<PlanTables>> open_postgres_tables(const config::Source& source, TableNames names,
                                                         const std::string& project, const std::string& sync,
                                                         const declare::Resolver& resolver,
                                                         const OpenOptions&) {
  auto dialect = postgres_dialect(source, resolver);
  if (!dialect.ok()) return dialect.error();
  if (*dialect != nullptr) {
    auto door = postgres_door(source, resolver);
    if (!door.ok()) return door.error();
    return make_sql_tables(**dialect, source.settings.get<std::string>("planning_schema"), project, sync,
                           *std::move(door));
  }
  auto login = postgres_login(source, resolver);
  if (!login.ok()) return login.error();
  return std::unique_ptr<PlanTables>(new PostgresTables(std::move(names), project, sync, *std::move(login),
                                                        source.settings.get<Duration>("statement_timeout")));
}

}  // namespace penstock
