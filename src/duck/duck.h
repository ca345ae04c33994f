// DuckDB's C API as owning types and Results. DuckDB is our columnar runtime: it evaluates models and
// mappings in vectors, runs our functions inside its parallel pipelines, and reads and writes Parquet.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace penstock::duck {

// "name" with quotes doubled; 'text' with apostrophes doubled.
std::string quote_name(std::string_view name);
std::string quote_text(std::string_view text);

class Type {
 public:
  explicit Type(duckdb_logical_type type) : type_(type) {}
  Type(Type&& other) noexcept : type_(std::exchange(other.type_, nullptr)) {}
  Type& operator=(Type&& other) noexcept {
    std::swap(type_, other.type_);
    return *this;
  }
  ~Type();
  static Type of(duckdb_type id);
  static Type json();
  // A STRUCT.
  static Type structure(const std::vector<std::pair<std::string, duckdb_type>>& members);

  duckdb_logical_type get() const { return type_; }
  duckdb_type id() const { return duckdb_get_type_id(type_); }
  std::string alias() const;  // "JSON" for JSON, which otherwise is a VARCHAR
  std::string name() const;   // as SQL writes it: DECIMAL(10,2), STRUCT(a INTEGER), ...
  bool is_json() const { return id() == DUCKDB_TYPE_VARCHAR && alias() == "JSON"; }

  std::vector<std::pair<std::string, Type>> members() const;  // of a STRUCT or UNION
  Type element() const;                                       // of a LIST or ARRAY

 private:
  duckdb_logical_type type_;
};

// Rows of a column as DuckDB lays them out; borrowed from a Chunk or a function's arguments.
class Vector {
 public:
  explicit Vector(duckdb_vector vector)
      : vector_(vector),
        data_(duckdb_vector_get_data(vector)),
        validity_(duckdb_vector_get_validity(vector)) {}

  duckdb_vector get() const { return vector_; }
  Type type() const { return Type(duckdb_vector_get_column_type(vector_)); }
  template <class T>
  const T* data() const {
    return static_cast<const T*>(data_);
  }
  const void* raw() const { return data_; }
  const uint64_t* validity() const { return validity_; }
  bool valid(size_t row) const {
    return validity_ == nullptr || ((validity_[row >> 6] >> (row & 63)) & 1) != 0;
  }
  // Of a VARCHAR or BLOB; lives as long as the vector.
  std::string_view text(size_t row) const {
    const auto& string = data<duckdb_string_t>()[row];
    const uint32_t length = string.value.inlined.length;
    return {length <= 12 ? string.value.inlined.inlined : string.value.pointer.ptr, length};
  }

 private:
  duckdb_vector vector_;
  void* data_;
  uint64_t* validity_;
};

// A column that a function of ours fills; borrowed from DuckDB.
class Writable {
 public:
  explicit Writable(duckdb_vector vector) : vector_(vector), data_(duckdb_vector_get_data(vector)) {}
  duckdb_vector get() const { return vector_; }
  template <class T>
  T* data() const {
    return static_cast<T*>(data_);
  }
  // Of a STRUCT.
  std::vector<Writable> members(size_t count) const {
    std::vector<Writable> all;
    for (size_t i = 0; i < count; ++i) all.emplace_back(duckdb_struct_vector_get_child(vector_, i));
    return all;
  }
  template <class T>
  void set(size_t row, T value) const {
    static_cast<T*>(data_)[row] = value;
  }
  void set_text(size_t row, std::string_view text) const {
    duckdb_vector_assign_string_element_len(vector_, row, text.data(), text.size());
  }
  void set_null(size_t row) const {
    duckdb_vector_ensure_validity_writable(vector_);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector_), row);
  }
  void set_text_or_null(size_t row, std::string_view text) const {
    text.empty() ? set_null(row) : set_text(row, text);
  }

 private:
  duckdb_vector vector_;
  void* data_;
};

// Up to 2048 rows in columns. Owns them; may move between threads.
class Chunk {
 public:
  explicit Chunk(duckdb_data_chunk chunk) : chunk_(chunk) {}
  Chunk(Chunk&& other) noexcept : chunk_(std::exchange(other.chunk_, nullptr)) {}
  Chunk& operator=(Chunk&& other) noexcept {
    std::swap(chunk_, other.chunk_);
    return *this;
  }
  ~Chunk();
  duckdb_data_chunk get() const { return chunk_; }
  size_t rows() const { return duckdb_data_chunk_get_size(chunk_); }
  size_t columns() const { return duckdb_data_chunk_get_column_count(chunk_); }
  Vector column(size_t index) const { return Vector(duckdb_data_chunk_get_vector(chunk_, index)); }
  // All of them, to be had once a chunk and not once a value.
  std::vector<Vector> vectors() const {
    std::vector<Vector> all;
    for (size_t i = 0; i < columns(); ++i) all.push_back(column(i));
    return all;
  }

 private:
  duckdb_data_chunk chunk_;
};

struct Column {
  std::string name;
  Type type;
};

// The rows of a query, chunk by chunk. Use from one thread at a time.
class Rows {
 public:
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;
  ~Rows();
  const std::vector<Column>& columns() const;
  // The next chunk, never empty; nullopt at the end.
  Result<std::optional<Chunk>> next();

 private:
  friend class Connection;
  struct State;
  explicit Rows(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A function of ours that DuckDB calls with vectors, from several threads at once.
struct ScalarFunction {
  std::string name;
  std::vector<duckdb_type> parameters = {};  // empty: any number of arguments of any type
  Type result = Type::of(DUCKDB_TYPE_BOOLEAN);
  // Evaluated once for each row, in no matter what expression it stands: for functions with effects.
  bool has_effects = false;
  std::function<Result<void>(std::span<const Vector> arguments, size_t rows, duckdb_vector result)> call;
};

struct Options {
  std::string path;                  // empty: in memory
  std::string memory_limit = "1GB";  // of DuckDB's own buffers; beyond it DuckDB spills to disk
  std::string temporary_directory;   // where it spills; empty: nowhere
  int threads = 0;                   // 0: as many as there are cores
  bool keep_order = true;            // of rows whose order nobody said; false is faster and needs less memory
  bool operator==(const Options&) const = default;
};

class Connection;
class Instance;
class StreamTable;

// Thread-safe. Its connections may outlive it.
class Database {
 public:
  static Result<Database> open(const Options& options);
  // In memory: one that the process has idle, or a new one. To open and close one takes ten milliseconds of a
  // core, and a process runs many small syncs. For users who make nothing but temporary tables and views, set
  // nothing, and attach files by Connection::attach(): whoever has it next finds it as new. Functions may be
  // defined again, if they take and give the same types.
  static Result<Database> borrow(const Options& options);
  Result<Connection> connect();

 private:
  explicit Database(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}
  std::shared_ptr<Instance> instance_;
};

// Use from one thread at a time, but for interrupt(). Errors are of kind `source` (`disk` when DuckDB says
// so) with DuckDB's own message.
class Connection {
 public:
  // To a database that is opened for it alone, and closed with it.
  static Result<Connection> open(const Options& options);
  Connection(Connection&& other) noexcept
      : instance_(std::move(other.instance_)), connection_(std::exchange(other.connection_, nullptr)) {}
  Connection& operator=(Connection&& other) noexcept {
    std::swap(connection_, other.connection_);
    std::swap(instance_, other.instance_);
    return *this;
  }
  ~Connection();

  // Makes a database file the one whose tables are meant; it is only read.
  Result<void> attach(const std::string& file, const std::string& name);

  // Runs statements for their effect; the number of rows that the last one changed, or put into a new table.
  Result<uint64_t> run(const std::string& sql);
  // Streams the rows of one query: memory does not grow with their number.
  Result<Rows> query(const std::string& sql);
  // All rows of a small result as text; nullopt for NULL.
  using TextRow = std::vector<std::optional<std::string>>;
  Result<std::vector<TextRow>> texts(const std::string& sql);
  Result<uint64_t> number(const std::string& sql);
  // What columns a query has, without running it.
  Result<std::vector<Column>> describe(const std::string& sql);
  bool is_one_statement(const std::string& sql);
  // An error that says what else the text is.
  Result<void> check_is_one_select(const std::string& sql);
  Result<void> define(ScalarFunction function);
  // From now on "FROM name()" reads this table (duck/stream.h). Its errors come back whole, with kind and
  // remedy, after "`subject`: ", unless that is empty.
  Result<void> define(const std::string& name, std::shared_ptr<StreamTable> table, std::string subject = "");
  void interrupt();  // its stream tables, too

  duckdb_connection get() const { return connection_; }

 private:
  friend class Database;
  Connection(duckdb_connection connection, std::shared_ptr<Instance> instance)
      : instance_(std::move(instance)), connection_(connection) {}
  std::shared_ptr<Instance> instance_;
  duckdb_connection connection_;
};

// Fills a table fast, value by value. Use from one thread.
class Appender {
 public:
  static Result<Appender> open(Connection& connection, const std::string& table);
  Appender(Appender&& other) noexcept : appender_(std::exchange(other.appender_, nullptr)) {}
  Appender& operator=(Appender&& other) noexcept {
    std::swap(appender_, other.appender_);
    return *this;
  }
  ~Appender();
  Appender& add(std::string_view text);
  Appender& add(uint64_t number);
  Appender& add(int64_t number);
  Appender& add(double number);
  Appender& add_bool(bool truth);
  Appender& add_time(int64_t unix_micros);  // TIMESTAMP
  Appender& add_null();
  Appender& add_optional(const std::optional<std::string>& text) { return text ? add(*text) : add_null(); }
  Result<void> end_row();
  Result<void> close();

 private:
  explicit Appender(duckdb_appender appender) : appender_(appender) {}
  duckdb_appender appender_;
};

}  // namespace penstock::duck
