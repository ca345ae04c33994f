#include "source/adbc/ingest.h"

#include <cerrno>

namespace penstock::adbc {
namespace {

// Of ADBC 1.1, which the header of 1.0 does not know ("Bulk Ingestion", arrow.apache.org/adbc, 2026-11).
constexpr const char* kTargetSchema = "adbc.ingest.target_db_schema";

// The rows of a query of DuckDB as an Arrow stream, which owns this.
struct RowsStream {
  duck::Rows rows;
  duckdb_arrow_options options = nullptr;
  std::string error;

  RowsStream(duck::Rows given, duck::Connection& connection) : rows(std::move(given)) {
    duckdb_connection_get_arrow_options(connection.get(), &options);
  }
  ~RowsStream() { duckdb_destroy_arrow_options(&options); }

  static RowsStream& of(ArrowArrayStream* stream) { return *static_cast<RowsStream*>(stream->private_data); }

  int checked(duckdb_error_data given) {
    int code = 0;
    if (given != nullptr && duckdb_error_data_has_error(given)) {
      error = duckdb_error_data_message(given);
      code = EIO;
    }
    duckdb_destroy_error_data(&given);
    return code;
  }

  int schema(ArrowSchema* out) {
    std::vector<duckdb_logical_type> types;
    std::vector<const char*> names;
    for (const auto& column : rows.columns()) {
      types.push_back(column.type.get());
      names.push_back(column.name.c_str());
    }
    return checked(duckdb_to_arrow_schema(options, types.data(), names.data(), types.size(), out));
  }

  int next(ArrowArray* out) {
    *out = {};
    auto chunk = rows.next();
    if (!chunk.ok()) {
      error = chunk.error().message;
      return EIO;
    }
    return *chunk ? checked(duckdb_data_chunk_to_arrow(options, (*chunk)->get(), out)) : 0;
  }
};

ArrowArrayStream stream_of(duck::Rows rows, duck::Connection& connection) {
  ArrowArrayStream stream{};
  stream.private_data = new RowsStream(std::move(rows), connection);
  stream.get_schema = [](ArrowArrayStream* one, ArrowSchema* out) { return RowsStream::of(one).schema(out); };
  stream.get_next = [](ArrowArrayStream* one, ArrowArray* out) { return RowsStream::of(one).next(out); };
  stream.get_last_error = [](ArrowArrayStream* one) { return RowsStream::of(one).error.c_str(); };
  stream.release = [](ArrowArrayStream* one) {
    delete &RowsStream::of(one);
    one->release = nullptr;
  };
  return stream;
}

}  // namespace

Result<bool> ingest(Session& session, const std::string& schema, const std::string& table,
                    duck::Connection& local, const std::string& sql) {
  const Options options{{ADBC_INGEST_OPTION_TARGET_TABLE, table},
                        {kTargetSchema, schema},
                        {ADBC_INGEST_OPTION_MODE, ADBC_INGEST_OPTION_MODE_APPEND}};
  auto rows = local.query(sql);
  if (!rows.ok()) return rows.error();
  ArrowArrayStream stream = stream_of(*std::move(rows), local);
  auto taken = session.take(options, stream);
  if (stream.release != nullptr) stream.release(&stream);
  return taken;
}

}  // namespace penstock::adbc
