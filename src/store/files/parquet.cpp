#include "store/files/parquet.h"

#include <fmt/format.h>

#include "base/disk.h"

namespace penstock::files {
namespace {

std::string codec_of(std::string_view compression) {
  if (compression == "gzip") return "gzip";
  return compression == "zstd" ? "zstd" : "uncompressed";
}

std::string sql_type(const FileColumn& column) {
  return column.type.empty() ? "VARCHAR" : column.type;
}

// A text as the value it stands for. Bytes travel as base64.
std::string as_value(const FileColumn& column, size_t number) {
  if (column.type == "BLOB") return fmt::format("from_base64(c{})", number);
  return fmt::format("CAST(c{} AS {})", number, sql_type(column));
}

// DuckDB's words may repeat a value, which may be personal.
Error without_values(const Error& error) {
  if (error.kind == ErrorKind::disk) return error;
  return {ErrorKind::internal, "rows could not be written as Parquet", ""};
}

}  // namespace

Result<void> ParquetWriter::open() {
  if (connection_) return success();
  scratch_.emplace();
  auto connection = duck::Connection::open(
      {.path = "", .memory_limit = "512MB", .temporary_directory = scratch_->path(), .threads = 2});
  if (!connection.ok()) return connection.error();
  connection_.emplace(*std::move(connection));
  return success();
}

Result<void> ParquetWriter::copy(const std::string& select, const std::string& path) {
  auto copied = connection_->run(fmt::format("COPY ({}) TO {} (FORMAT parquet, COMPRESSION {})", select,
                                             duck::quote_text(path), codec_of(compression_)));
  return copied.ok() ? success() : Result<void>(without_values(copied.error()));
}

Result<void> ParquetWriter::write(const RowsBody& body, std::string_view operation, const std::string& path) {
  if (auto opened = open(); !opened.ok()) return opened;
  const auto columns = file_columns(body, operation);
  std::string texts, select;
  if (!operation.empty())
    select = fmt::format("{} AS {}, ", duck::quote_text(operation), duck::quote_name(kOperation));
  for (size_t i = 0; i < columns.size(); ++i) {
    texts += fmt::format("{}c{} VARCHAR", i > 0 ? ", " : "", i);
    select += fmt::format("{}{} AS {}", i > 0 ? ", " : "", as_value(columns[i], i),
                          duck::quote_name(columns[i].name));
  }
  if (auto made = connection_->run("CREATE OR REPLACE TEMP TABLE rows_of_file(" + texts + ")"); !made.ok())
    return without_values(made.error());
  auto appender = duck::Appender::open(*connection_, "rows_of_file");
  if (!appender.ok()) return without_values(appender.error());
  for (const auto& row : body.rows) {
    const Cells cells(body, row);
    for (const auto& column : columns) {
      const Cell cell = cells.at(column);
      cell ? appender->add(*cell) : appender->add_null();
    }
    if (auto ended = appender->end_row(); !ended.ok()) return without_values(ended.error());
  }
  if (auto closed = appender->close(); !closed.ok()) return without_values(closed.error());
  auto copied = copy("SELECT " + select + " FROM rows_of_file", path);
  (void)connection_->run("DROP TABLE rows_of_file");
  return copied;
}

Result<std::string> ParquetWriter::bytes(const RowsBody& body, std::string_view operation) {
  if (auto opened = open(); !opened.ok()) return opened.error();
  const std::string path = scratch_->path("rows.parquet");
  if (auto written = write(body, operation, path); !written.ok()) return written.error();
  return real_disk().read(path);
}

Result<void> ParquetWriter::join(const std::vector<std::string>& files,
                                 const std::vector<FileColumn>& columns, const std::string& path) {
  if (auto opened = open(); !opened.ok()) return opened;
  if (!files.empty()) {
    std::string list;
    for (const auto& file : files) list += (list.empty() ? "" : ", ") + duck::quote_text(file);
    return copy("SELECT * FROM read_parquet([" + list + "])", path);
  }
  std::string none;
  for (const auto& column : columns)
    none += fmt::format("{}CAST(NULL AS {}) AS {}", none.empty() ? "" : ", ", sql_type(column),
                        duck::quote_name(column.name));
  return copy("SELECT " + none + " WHERE false", path);
}

}  // namespace penstock::files
