#include "warehouse_plan/sql_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "source/adbc/adbc_source.h"
#include "warehouse_plan/dialect_sql.h"
#include "warehouse_plan/statements.h"

namespace penstock {
namespace {

constexpr std::string_view kPushedByAnother = "penstock: pushed by another";

class SqlTables final : public PlanTables {
 public:
  SqlTables(DialectSql sql, std::string project, std::string sync, std::unique_ptr<SqlDoor> door)
      : PlanTables(sql.names(), std::move(project), std::move(sync)),
        sql_(std::move(sql)),
        door_(std::move(door)) {}

  std::string digest_kind() const override { return sql_.dialect().id + kind_; }

  std::string digest(std::string_view alias, const std::vector<std::string>& columns) const override {
    return sql_.digest(alias, columns);
  }

  Statements statements(const Question& question) const override {
    return {.candidates = sql_.candidates(question),
            .entries = "",
            .total = "",
            .repeated = question.has_entries ? sql_.repeated(question) : ""};
  }

  std::string lines(const std::string& table, size_t key_columns,
                    const std::vector<std::string>* keys) const override {
    return sql_.lines(table, key_columns, keys);
  }

  Result<void> check_keys(const std::vector<std::string>& keys) const override {
    for (const auto& key : keys)
      if (const auto type = type_of(key); sql_.dialect().key_type(type).empty())
        return Error{
            ErrorKind::config,
            fmt::format("the key column '{}' is of type {}, whose values Penstock cannot write back to {}",
                        key, type, sql_.dialect().title),
            "CAST it to a text in the model's SQL; or set `planner: local`"};
    return success();
  }

  Result<std::optional<Head>> head() override {
    std::optional<Head> found;
    auto looked = in_session([&]() -> Result<void> {
      if (auto told = tell_kind(); !told.ok()) return told;
      auto there = door_->lines(sql_.there());
      if (!there.ok()) return there.error();
      if (there->empty() || (*there)[0][0].value_or("0") == "0") return success();
      auto read = read_line();
      if (!read.ok()) return read.error();
      found = *std::move(read);
      return success();
    });
    if (!looked.ok()) return looked.error();
    return found;
  }

  Result<void> prepare() override {
    return in_session([&] { return run_all(sql_.prepare()); });
  }

  Result<void> create(const std::string& model, const std::vector<std::string>& keys) override {
    return in_session([&]() -> Result<void> {
      if (auto prepared = run_all(sql_.prepare()); !prepared.ok()) return prepared;
      return run_all(sql_.create(model, keys));
    });
  }

  Result<void> apply(const Changes& changes) override {
    return in_session([&]() -> Result<void> {
      auto line = read_line();
      if (!line.ok()) return line.error();
      if ((*line ? (*line)->generation : 0) != changes.base) return pushed_by_another();
      auto stages = fill_stages(changes);
      if (!stages.ok()) return stages.error();
      auto pushed = push_stages(*stages, changes);
      // Whether they go or not: their names are this run's alone.
      for (const auto& stage : *stages) (void)door_->run(sql_.drop_stage(stage));
      return pushed;
    });
  }

  Result<void> leave() override {
    return in_session([&] { return door_->run(sql_.leave()); });
  }

  void interrupt() override { door_->interrupt(); }

 private:
  // A session is held no longer than for one act: some databases can be open in one place only.
  template <class Work>
  Result<void> in_session(Work work) {
    auto opened = door_->open();
    Result<void> worked = opened.ok() ? work() : opened;
    door_->close();
    if (worked.ok() || worked.error().kind == ErrorKind::locked ||
        worked.error().kind == ErrorKind::interrupted)
      return worked;
    Error error = worked.error();
    if (error.kind == ErrorKind::config) error.kind = ErrorKind::source;
    error.message =
        fmt::format("the state of this sync is kept in the schema {}: {}", names_.schema, error.message);
    if (opened.ok() && (error.remedy.empty() || error.kind == ErrorKind::source))
      error.remedy =
          fmt::format("in {}, `planner: warehouse` needs: {}", sql_.dialect().title, sql_.dialect().needs);
    return error;
  }

  Result<void> run_all(const std::vector<std::string>& statements) {
    for (const auto& one : statements)
      if (auto run = door_->run(one); !run.ok()) return run;
    return success();
  }

  Result<void> tell_kind() {
    if (sql_.dialect().digest.kind.empty() || !kind_.empty()) return success();
    auto told = door_->lines(sql_.dialect().digest.kind);
    if (!told.ok()) return told.error();
    kind_ = " " + (told->empty() ? "" : (*told)[0][0].value_or(""));
    return success();
  }

  Result<std::optional<Head>> read_line() {
    auto lines = door_->lines(sql_.head());
    if (!lines.ok()) return lines.error();
    if (lines->empty()) return std::optional<Head>();
    return std::optional<Head>(read_head((*lines)[0]));
  }

  // The changes as texts, in tables of their own: nothing of ours has changed yet.
  Result<std::vector<Stage>> fill_stages(const Changes& changes) {
    auto local = duck::Connection::open({.path = changes.file, .temporary_directory = ""});
    if (!local.ok()) return local.error();
    const std::string whole = fmt::format("{}\n{}", changes.head.last_run, changes.head.generation);
    const std::string mark =
        fmt::format("new_{:08x}", static_cast<uint32_t>(XXH3_64bits(whole.data(), whole.size())));
    std::vector<Stage> stages;
    for (const auto& of : names_.of_sync()) {
      auto count = local->number(fmt::format("SELECT count(*) FROM {}", of.local));
      if (!count.ok()) return count.error();
      if (*count == 0) continue;
      Stage stage = sql_.stage(of, mark);
      if (stage.is_entries)
        if (auto casts = key_casts(*local, changes.key_columns, stage); !casts.ok()) return casts.error();
      if (auto made = run_all(sql_.make_stage(stage)); !made.ok()) return made.error();
      if (auto filled = fill(*local, of.local, stage); !filled.ok()) return filled.error();
      stages.push_back(std::move(stage));
    }
    return stages;
  }

  Result<void> key_casts(duck::Connection& local, size_t key_columns, Stage& stage) {
    auto columns = local.describe("SELECT * FROM entries");
    if (!columns.ok()) return columns.error();
    for (size_t i = 0; i < key_columns; ++i)
      stage.casts.push_back(sql_.dialect().key_type((*columns)[i].type.name()));
    return success();
  }

  Result<void> fill(duck::Connection& local, const std::string& table, const Stage& stage) {
    std::vector<std::string> values;
    for (const auto& name : sql_.stage_columns(stage))
      values.push_back(name == "key" ? "replace(CAST(key AS VARCHAR), '-', '') AS key"
                                     : fmt::format("CAST({0} AS VARCHAR) AS {0}", name));
    const std::string texts = fmt::format("SELECT {} FROM {}", fmt::join(values, ", "), table);
    if (auto taken = door_->append(sql_.schema(), stage.table, local, texts); !taken.ok() || *taken)
      return taken.ok() ? success() : Result<void>(taken.error());
    return insert(local, texts, stage);
  }

  Result<void> insert(duck::Connection& local, const std::string& texts, const Stage& stage) {
    auto rows = local.query(texts);
    if (!rows.ok()) return rows.error();
    const std::string head = sql_.insert_into(stage);
    const Dialect::Insert& limit = sql_.dialect().insert;
    std::string text;
    int64_t count = 0;
    const auto send = [&]() -> Result<void> {
      if (count == 0) return success();
      count = 0;
      return door_->run(std::exchange(text, {}));
    };
    for (;;) {
      auto chunk = rows->next();
      if (!chunk.ok()) return chunk.error();
      if (!*chunk) return send();
      for (size_t row = 0; row < (*chunk)->rows(); ++row) {
        const std::string line = values_of(**chunk, row);
        if (count == limit.rows || static_cast<int64_t>(text.size() + line.size()) > limit.bytes)
          if (auto sent = send(); !sent.ok()) return sent;
        text += (count++ == 0 ? head : ", ") + line;
      }
    }
  }

  std::string values_of(const duck::Chunk& chunk, size_t row) const {
    std::string out;
    for (size_t i = 0; i < chunk.columns(); ++i) {
      const duck::Vector column = chunk.column(i);
      out += i == 0 ? "(" : ", ";
      out += column.valid(row) ? sql_.dialect().text_of(column.text(row)) : "NULL";
    }
    return out + ")";
  }

  Result<void> push_stages(const std::vector<Stage>& stages, const Changes& changes) {
    std::vector<std::string> replacing;
    for (const auto& stage : stages)
      for (auto& one : sql_.replace(stage, changes.is_all)) replacing.push_back(std::move(one));
    const std::string head = sql_.put_head(changes.head, changes.base);
    switch (sql_.dialect().transaction.kind) {
      case Dialect::Transaction::session:
        return push_in_transaction(head, replacing, changes.head);
      case Dialect::Transaction::script:
        return push_as_script(head, replacing, changes);
      case Dialect::Transaction::none:
        return push_one_by_one(head, replacing, changes.head);
    }
    die("there is no other kind");
  }

  // The head goes first, so that of two the second waits, or fails.
  Result<void> push_in_transaction(const std::string& head, const std::vector<std::string>& replacing,
                                   const Head& now) {
    const auto& words = sql_.dialect().transaction;
    const auto push = [&]() -> Result<void> {
      if (auto put = door_->run(head); !put.ok()) return put;
      if (auto ours = check_ours(now); !ours.ok()) return ours;
      if (auto replaced = run_all(replacing); !replaced.ok()) return replaced;
      return door_->run(words.commit);
    };
    if (auto begun = door_->run(words.begin); !begun.ok()) return begun;
    auto pushed = push();
    if (!pushed.ok()) (void)door_->run(words.roll_back);
    return pushed;
  }

  Result<void> push_as_script(const std::string& head, const std::vector<std::string>& replacing,
                              const Changes& changes) {
    const auto& words = sql_.dialect().transaction;
    const std::string refuse =
        fmt::format("SELECT CASE WHEN ({}) = 1 THEN 1 ELSE ERROR({}) END", sql_.count_ours(changes.head),
                    sql_.dialect().text_of(kPushedByAnother));
    auto ran = door_->run(fmt::format(
        "{};\n{};\n{};\n{}{};", words.begin, head, refuse,
        fmt::format("{}{}", fmt::join(replacing, ";\n"), replacing.empty() ? "" : ";\n"), words.commit));
    if (!ran.ok() && ran.error().message.find(kPushedByAnother) != std::string::npos)
      return pushed_by_another();
    return ran;
  }

  // Each statement is whole; the head says that all of them have been. What breaks off is done again by the
  // run that began it.
  Result<void> push_one_by_one(const std::string& head, const std::vector<std::string>& replacing,
                               const Head& now) {
    if (auto replaced = run_all(replacing); !replaced.ok()) return replaced;
    if (auto put = door_->run(head); !put.ok()) return put;
    return check_ours(now);
  }

  Result<void> check_ours(const Head& now) {
    auto count = door_->lines(sql_.count_ours(now));
    if (!count.ok()) return count.error();
    return !count->empty() && (*count)[0][0] == "1" ? success() : Result<void>(pushed_by_another());
  }

  DialectSql sql_;
  std::unique_ptr<SqlDoor> door_;
  std::string kind_;
};

}  // namespace

std::unique_ptr<PlanTables> make_sql_tables(const Dialect& dialect, const std::string& schema,
                                            const std::string& project, const std::string& sync,
                                            std::unique_ptr<SqlDoor> door) {
  DialectSql sql(dialect, schema, table_stem(project, sync), project, sync);
  return std::make_unique<SqlTables>(std::move(sql), project, sync, std::move(door));
}

Result<std::unique_ptr<PlanTables>> open_adbc_tables(const config::Source& source, TableNames,
                                                     const std::string& project, const std::string& sync,
                                                     const declare::Resolver& resolver,
                                                     const OpenOptions& options) {
  const Dialect* dialect = adbc_dialect(source);
  if (dialect == nullptr) {
    std::vector<std::string> known;
    for (const auto& one : dialects()) known.push_back(one.id);
    return Error{
        ErrorKind::config,
        fmt::format("{}: the driver of source '{}' does not tell which SQL its database speaks, and in that "
                    "language Penstock would have to plan",
                    source.type.place.show(), source.name),
        fmt::format("say `dialect` in the source ({}); or set `planner: local`", fmt::join(known, ", "))};
  }
  return make_sql_tables(*dialect, source.settings.get<std::string>("planning_schema"), project, sync,
                         adbc_door(source, resolver, options));
}

}  // namespace penstock
