#include "duck/duck.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "duck/error_text.h"
#include "duck/instance.h"

namespace penstock::duck {
namespace {

std::string take_string(char* text) {
  std::string copy = text == nullptr ? "" : text;
  duckdb_free(text);
  return copy;
}

// The statements of a text.
class Extracted {
 public:
  Extracted(duckdb_connection connection, const std::string& sql)
      : count_(duckdb_extract_statements(connection, sql.c_str(), &statements_)) {}
  Extracted(const Extracted&) = delete;
  Extracted& operator=(const Extracted&) = delete;
  ~Extracted() { duckdb_destroy_extracted(&statements_); }
  duckdb_extracted_statements get() const { return statements_; }
  idx_t count() const { return count_; }
  const char* error() const { return duckdb_extract_statements_error(statements_); }

 private:
  duckdb_extracted_statements statements_ = nullptr;
  idx_t count_;
};

class Prepared {
 public:
  static Result<Prepared> make(duckdb_connection connection, const std::string& sql) {
    Prepared prepared;
    if (duckdb_prepare(connection, sql.c_str(), &prepared.statement_) != DuckDBSuccess)
      return to_error(duckdb_prepare_error(prepared.statement_));
    return prepared;
  }
  static Result<Prepared> make(duckdb_connection connection, const Extracted& statements, idx_t index) {
    Prepared prepared;
    if (duckdb_prepare_extracted_statement(connection, statements.get(), index, &prepared.statement_) !=
        DuckDBSuccess)
      return to_error(duckdb_prepare_error(prepared.statement_));
    return prepared;
  }
  Prepared(Prepared&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Prepared& operator=(Prepared&&) = delete;
  ~Prepared() { duckdb_destroy_prepare(&statement_); }
  duckdb_prepared_statement get() const { return statement_; }

 private:
  Prepared() = default;
  duckdb_prepared_statement statement_ = nullptr;
};

// Works on a query until its result can be had. Left to itself, DuckDB asks for tasks without a pause while
// its other threads are at the last of them: a core that does nothing for nobody, a quarter of a run's time.
Result<void> work_on(duckdb_pending_result pending) {
  constexpr auto kPause = std::chrono::microseconds(100);
  for (;;) {
    const auto state = duckdb_pending_execute_task(pending);
    if (state == DUCKDB_PENDING_ERROR) return to_error(duckdb_pending_error(pending));
    if (state == DUCKDB_PENDING_RESULT_READY) return success();
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) std::this_thread::sleep_for(kPause);
  }
}

std::string quote(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    if (c == mark) out += mark;
    out += c;
  }
  return out + mark;
}

}  // namespace

std::string quote_name(std::string_view name) {
  return quote(name, '"');
}
std::string quote_text(std::string_view text) {
  return quote(text, '\'');
}

// ---- Database and Connection

Result<Database> Database::open(const Options& options) {
  auto instance = Instance::open(options);
  if (!instance.ok()) return instance.error();
  return Database(*std::move(instance));
}

Result<Database> Database::borrow(const Options& options) {
  check(options.path.empty(), "a borrowed database is in memory");
  auto instance = take_idle(options);
  if (instance == nullptr) {
    auto opened = Instance::open(options);
    if (!opened.ok()) return opened.error();
    instance = *std::move(opened);
  }
  return Database(std::shared_ptr<Instance>(instance.release(), give_back));
}

Result<Connection> Database::connect() {
  duckdb_connection connection = nullptr;
  if (duckdb_connect(instance_->get(), &connection) != DuckDBSuccess)
    return Error{ErrorKind::internal, "cannot connect to the embedded DuckDB", ""};
  return Connection(connection, instance_);
}

Result<Connection> Connection::open(const Options& options) {
  auto database = Database::open(options);
  return database.ok() ? database->connect() : database.error();
}

Connection::~Connection() {
  if (connection_ != nullptr) duckdb_disconnect(&connection_);
}

struct Rows::State {
  std::shared_ptr<Instance> instance;
  std::optional<Prepared> statement;
  duckdb_pending_result pending = nullptr;
  duckdb_result result{};
  bool has_result = false;
  std::vector<Column> columns;

  explicit State(std::shared_ptr<Instance> of) : instance(std::move(of)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (has_result) duckdb_destroy_result(&result);
    if (pending != nullptr) duckdb_destroy_pending(&pending);
  }

  // Of what is pending: until all is done, or the first rows are there.
  Result<void> execute() {
    if (auto worked = work_on(pending); !worked.ok()) return instance->explain(worked.error());
    const auto executed = duckdb_execute_pending(pending, &result);
    has_result = true;
    if (executed != DuckDBSuccess) return instance->explain(to_error(duckdb_result_error(&result)));
    return success();
  }
};

namespace {

// DuckDB's C API counts the rows of a CREATE TABLE AS as none; its result says how many they were.
uint64_t rows_changed(duckdb_result& result) {
  if (duckdb_result_statement_type(result) != DUCKDB_STATEMENT_TYPE_CREATE)
    return duckdb_rows_changed(&result);
  duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
  if (chunk == nullptr) return 0;
  const Chunk owned(chunk);
  if (owned.rows() != 1 || owned.columns() != 1 || owned.column(0).type().id() != DUCKDB_TYPE_BIGINT)
    return 0;
  return static_cast<uint64_t>(owned.column(0).data<int64_t>()[0]);
}

}  // namespace

Result<uint64_t> Connection::run(const std::string& sql) {
  const Extracted statements(connection_, sql);
  if (statements.count() == 0) return to_error(statements.error());
  uint64_t changed = 0;
  for (idx_t i = 0; i < statements.count(); ++i) {
    auto statement = Prepared::make(connection_, statements, i);
    if (!statement.ok()) return statement.error();
    Rows::State state(instance_);
    if (duckdb_pending_prepared(statement->get(), &state.pending) != DuckDBSuccess)
      return to_error(duckdb_pending_error(state.pending));
    if (auto executed = state.execute(); !executed.ok()) return executed.error();
    changed = rows_changed(state.result);
  }
  return changed;
}

Rows::Rows(std::unique_ptr<State> state) : state_(std::move(state)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

const std::vector<Column>& Rows::columns() const {
  return state_->columns;
}

Result<std::optional<Chunk>> Rows::next() {
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(state_->result)) {
    Chunk owned(chunk);
    if (owned.rows() > 0) return std::optional<Chunk>(std::move(owned));
  }
  // A failure while streaming ends the chunks and leaves its message here.
  if (const char* message = duckdb_result_error(&state_->result); message != nullptr && *message != '\0')
    return state_->instance->explain(to_error(message));
  return std::optional<Chunk>();
}

Result<Rows> Connection::query(const std::string& sql) {
  auto statement = Prepared::make(connection_, sql);
  if (!statement.ok()) return statement.error();
  auto state = std::make_unique<Rows::State>(instance_);
  state->statement.emplace(*std::move(statement));
  if (duckdb_pending_prepared_streaming(state->statement->get(), &state->pending) != DuckDBSuccess)
    return to_error(duckdb_pending_error(state->pending));
  if (auto executed = state->execute(); !executed.ok()) return executed.error();
  for (idx_t i = 0; i < duckdb_column_count(&state->result); ++i)
    state->columns.push_back(
        {duckdb_column_name(&state->result, i), Type(duckdb_column_logical_type(&state->result, i))});
  return Rows(std::move(state));
}

Result<std::vector<Connection::TextRow>> Connection::texts(const std::string& sql) {
  // COLUMNS(*) casts every column, so that each one is read in one way.
  auto rows = query(fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({})", sql));
  if (!rows.ok()) return rows.error();
  std::vector<TextRow> all;
  for (;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) return all;
    for (size_t row = 0; row < (*chunk)->rows(); ++row) {
      TextRow& texts = all.emplace_back();
      for (size_t i = 0; i < (*chunk)->columns(); ++i) {
        const Vector column = (*chunk)->column(i);
        texts.push_back(column.valid(row) ? std::optional<std::string>(column.text(row)) : std::nullopt);
      }
    }
  }
}

Result<uint64_t> Connection::number(const std::string& sql) {
  auto rows = texts(sql);
  if (!rows.ok()) return rows.error();
  if (rows->size() != 1 || !(*rows)[0].at(0)) return uint64_t{0};
  return uint64_t{std::stoull(*(*rows)[0][0])};
}

Result<std::vector<Column>> Connection::describe(const std::string& sql) {
  auto statement = Prepared::make(connection_, sql);
  if (!statement.ok()) return statement.error();
  std::vector<Column> columns;
  const idx_t count = duckdb_prepared_statement_column_count(statement->get());
  for (idx_t i = 0; i < count; ++i) {
    const char* name = duckdb_prepared_statement_column_name(statement->get(), i);
    columns.push_back({name, Type(duckdb_prepared_statement_column_logical_type(statement->get(), i))});
    duckdb_free(const_cast<char*>(name));
  }
  return columns;
}

bool Connection::is_one_statement(const std::string& sql) {
  return Extracted(connection_, sql).count() == 1;
}

Result<void> Connection::check_is_one_select(const std::string& sql) {
  const Extracted statements(connection_, sql);
  if (statements.count() == 0)
    return statements.error() == nullptr ? Error{ErrorKind::config, "the SQL is empty", ""}
                                         : to_error(statements.error());
  if (statements.count() > 1)
    return Error{ErrorKind::config,
                 fmt::format("expected one SELECT, found {} statements", statements.count()), ""};
  const auto statement = Prepared::make(connection_, statements, 0);
  if (!statement.ok()) return statement.error();
  if (duckdb_prepared_statement_type(statement->get()) != DUCKDB_STATEMENT_TYPE_SELECT)
    return Error{ErrorKind::config, "a model only reads: its SQL must be one SELECT", ""};
  return success();
}

void Connection::interrupt() {
  duckdb_interrupt(connection_);
  instance_->cancel_streams();
}

Result<void> Connection::attach(const std::string& file, const std::string& name) {
  auto attached = run(fmt::format("ATTACH {} AS {} (READ_ONLY)", quote_text(file), quote_name(name)));
  if (!attached.ok()) return attached.error();
  instance_->note_attached(name);
  auto used = run("USE " + quote_name(name));
  return used.ok() ? success() : Result<void>(used.error());
}

Result<void> Connection::define(ScalarFunction function) {
  return instance_->define(connection_, std::move(function));
}

Result<void> Connection::define(const std::string& name, std::shared_ptr<StreamTable> table,
                                std::string subject) {
  return instance_->define(connection_, name, std::move(table), std::move(subject));
}

// ---- Types and chunks

Type::~Type() {
  if (type_ != nullptr) duckdb_destroy_logical_type(&type_);
}

Type Type::of(duckdb_type id) {
  return Type(duckdb_create_logical_type(id));
}

Type Type::json() {
  Type type = of(DUCKDB_TYPE_VARCHAR);
  duckdb_logical_type_set_alias(type.get(), "JSON");
  return type;
}

Type Type::structure(const std::vector<std::pair<std::string, duckdb_type>>& members) {
  std::vector<Type> types;
  std::vector<duckdb_logical_type> handles;
  std::vector<const char*> names;
  for (const auto& [name, type] : members) {
    names.push_back(name.c_str());
    handles.push_back(types.emplace_back(of(type)).get());
  }
  return Type(duckdb_create_struct_type(handles.data(), names.data(), handles.size()));
}

std::string Type::alias() const {
  return take_string(duckdb_logical_type_get_alias(type_));
}

std::vector<std::pair<std::string, Type>> Type::members() const {
  std::vector<std::pair<std::string, Type>> all;
  if (id() == DUCKDB_TYPE_UNION) {
    for (idx_t i = 0; i < duckdb_union_type_member_count(type_); ++i)
      all.emplace_back(take_string(duckdb_union_type_member_name(type_, i)),
                       Type(duckdb_union_type_member_type(type_, i)));
  } else {
    for (idx_t i = 0; i < duckdb_struct_type_child_count(type_); ++i)
      all.emplace_back(take_string(duckdb_struct_type_child_name(type_, i)),
                       Type(duckdb_struct_type_child_type(type_, i)));
  }
  return all;
}

Type Type::element() const {
  return id() == DUCKDB_TYPE_ARRAY ? Type(duckdb_array_type_child_type(type_))
                                   : Type(duckdb_list_type_child_type(type_));
}

Chunk::~Chunk() {
  if (chunk_ != nullptr) duckdb_destroy_data_chunk(&chunk_);
}

// ---- Appender

Result<Appender> Appender::open(Connection& connection, const std::string& table) {
  // A temporary table goes before others, as in SQL: DuckDB itself would look only in the database in use,
  // which may be one that is attached to be read.
  for (const char* catalog : {"temp", static_cast<const char*>(nullptr)}) {
    duckdb_appender appender = nullptr;
    if (duckdb_appender_create_ext(connection.get(), catalog, nullptr, table.c_str(), &appender) ==
        DuckDBSuccess)
      return Appender(appender);
    duckdb_appender_destroy(&appender);
  }
  return Error{ErrorKind::internal, fmt::format("cannot append to the table {}", table), ""};
}

Appender::~Appender() {
  if (appender_ != nullptr) duckdb_appender_destroy(&appender_);
}

// A failed append shows at end_row(), which refuses the incomplete row.
Appender& Appender::add(std::string_view text) {
  duckdb_append_varchar_length(appender_, text.data(), text.size());
  return *this;
}
Appender& Appender::add(uint64_t number) {
  return duckdb_append_uint64(appender_, number), *this;
}
Appender& Appender::add(int64_t number) {
  return duckdb_append_int64(appender_, number), *this;
}
Appender& Appender::add(double number) {
  return duckdb_append_double(appender_, number), *this;
}
Appender& Appender::add_bool(bool truth) {
  return duckdb_append_bool(appender_, truth), *this;
}
Appender& Appender::add_time(int64_t micros) {
  return duckdb_append_timestamp(appender_, {micros}), *this;
}
Appender& Appender::add_null() {
  return duckdb_append_null(appender_), *this;
}

namespace {

Error appender_error(duckdb_appender appender) {
  duckdb_error_data data = duckdb_appender_error_data(appender);
  Error error = to_error(duckdb_error_data_message(data));
  duckdb_destroy_error_data(&data);
  return error;
}

}  // namespace

Result<void> Appender::end_row() {
  if (duckdb_appender_end_row(appender_) != DuckDBSuccess) return appender_error(appender_);
  return success();
}

Result<void> Appender::close() {
  if (duckdb_appender_close(appender_) != DuckDBSuccess) return appender_error(appender_);
  return success();
}

}  // namespace penstock::duck
