#include "duck/stream.h"

#include "duck/stream_door.h"

namespace penstock::duck {
namespace {

// A query's reading of the table. The stream begins with the first thread that wants rows.
struct Reading {
  std::shared_ptr<StreamTable> table;
  std::vector<size_t> wanted;
  std::mutex mutex;
  std::unique_ptr<Stream> stream;
  bool ended = false;

  Result<std::unique_ptr<Piece>> next() {
    const std::lock_guard lock(mutex);
    if (ended) return std::unique_ptr<Piece>();
    if (!stream) {
      auto opened = table->open(wanted);
      if (!opened.ok()) return ended = true, opened.error();
      stream = *std::move(opened);
    }
    auto piece = stream->next();
    ended = !piece.ok() || *piece == nullptr;
    if (ended) stream.reset();
    return piece;
  }
};

struct OneThread {
  std::unique_ptr<Piece> piece;
};

template <class T>
void destroy(void* object) {
  delete static_cast<T*>(object);
}

void bind(duckdb_bind_info info) {
  const auto table = static_cast<StreamDoor*>(duckdb_bind_get_extra_info(info))->table();
  if (!table) return duckdb_bind_set_error(info, "the source's rows are not there any more");
  for (const Column& column : table->columns())
    duckdb_bind_add_result_column(info, column.name.c_str(), column.type.get());
}

void begin(duckdb_init_info info) {
  auto reading = std::make_unique<Reading>();
  reading->table = static_cast<StreamDoor*>(duckdb_init_get_extra_info(info))->table();
  if (!reading->table) return duckdb_init_set_error(info, "the source's rows are not there any more");
  const size_t all = reading->table->columns().size();
  // A query that only counts rows names a column that no table has.
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i)
    if (const idx_t column = duckdb_init_get_column_index(info, i); column < all)
      reading->wanted.push_back(column);
  if (reading->wanted.empty()) reading->wanted.push_back(0);
  duckdb_init_set_max_threads(info, 64);
  duckdb_init_set_init_data(info, reading.release(), destroy<Reading>);
}

void begin_thread(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new OneThread, destroy<OneThread>);
}

Result<size_t> fill(Reading& reading, OneThread& thread, const Output& output) {
  for (;;) {
    if (!thread.piece) {
      auto piece = reading.next();
      if (!piece.ok()) return piece.error();
      if (*piece == nullptr) return size_t{0};
      thread.piece = *std::move(piece);
    }
    auto rows = thread.piece->fill(output);
    if (!rows.ok() || *rows > 0) return rows;
    thread.piece.reset();
  }
}

void call(duckdb_function_info info, duckdb_data_chunk output) {
  auto& reading = *static_cast<Reading*>(duckdb_function_get_init_data(info));
  auto& thread = *static_cast<OneThread*>(duckdb_function_get_local_init_data(info));
  const auto rows = fill(reading, thread, Output(output));
  if (rows.ok()) return duckdb_data_chunk_set_size(output, *rows);
  static_cast<StreamDoor*>(duckdb_function_get_extra_info(info))->note(rows.error());
  duckdb_function_set_error(info, rows.error().message.c_str());
}

}  // namespace

void StreamDoor::put(std::shared_ptr<StreamTable> table, std::string subject) {
  const std::lock_guard lock(mutex_);
  subject_ = std::move(subject);
  table_ = std::move(table);
  failure_.reset();
}

std::shared_ptr<StreamTable> StreamDoor::table() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

void StreamDoor::note(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = subject_.empty() ? error : Error(error).in(subject_);
}

std::optional<Error> StreamDoor::take_failure() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failure_, std::nullopt);
}

Result<void> StreamDoor::register_at(duckdb_connection connection, const std::string& name) {
  duckdb_table_function handle = duckdb_create_table_function();
  duckdb_table_function_set_name(handle, name.c_str());
  duckdb_table_function_set_extra_info(handle, this, nullptr);
  duckdb_table_function_set_bind(handle, bind);
  duckdb_table_function_set_init(handle, begin);
  duckdb_table_function_set_local_init(handle, begin_thread);
  duckdb_table_function_set_function(handle, call);
  duckdb_table_function_supports_projection_pushdown(handle, true);
  const auto state = duckdb_register_table_function(connection, handle);
  duckdb_destroy_table_function(&handle);
  if (state != DuckDBSuccess)
    return Error{ErrorKind::internal, "DuckDB does not take the table function " + name, ""};
  return success();
}

}  // namespace penstock::duck
