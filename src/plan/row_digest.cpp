#include "plan/row_digest.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace penstock {
namespace {

constexpr uint64_t kNullMark = 0x4E554C4C00000000;
constexpr size_t kTextWidth = 0;

// Bytes of a value; kTextWidth for those of its own length.
Result<size_t> width_of(const duck::Type& type) {
  switch (type.id()) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_UTINYINT:
      return size_t{1};
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_USMALLINT:
      return size_t{2};
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DATE:
      return size_t{4};
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_TIME:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return size_t{8};
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
      return size_t{16};
    case DUCKDB_TYPE_DECIMAL:
      return duckdb_decimal_width(type.get()) <= 4    ? size_t{2}
             : duckdb_decimal_width(type.get()) <= 9  ? size_t{4}
             : duckdb_decimal_width(type.get()) <= 18 ? size_t{8}
                                                      : size_t{16};
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB:
      return kTextWidth;
    default:
      return Error{ErrorKind::source, fmt::format("a plan has no columns of type {}", type.name()), ""};
  }
}

// Each value is hashed with what came before as its seed: order and borders of the columns count.
Result<void> add_column(const duck::Vector& column, size_t rows, uint64_t* hashes) {
  const auto width = width_of(column.type());
  if (!width.ok()) return width.error();
  const auto* bytes = static_cast<const char*>(column.raw());
  for (size_t row = 0; row < rows; ++row) {
    if (!column.valid(row)) {
      hashes[row] = XXH3_64bits_withSeed(&kNullMark, sizeof kNullMark, hashes[row] ^ kNullMark);
    } else if (*width == kTextWidth) {
      const auto text = column.text(row);
      hashes[row] = XXH3_64bits_withSeed(text.data(), text.size(), hashes[row]);
    } else {
      hashes[row] = XXH3_64bits_withSeed(bytes + row * *width, *width, hashes[row]);
    }
  }
  return success();
}

}  // namespace

Result<void> define_row_hash(duck::Connection& connection) {
  return connection.define(
      {.name = "penstock_row_hash",
       .result = duck::Type::of(DUCKDB_TYPE_UBIGINT),
       .call = [](std::span<const duck::Vector> columns, size_t rows, duckdb_vector result) -> Result<void> {
         auto* hashes = static_cast<uint64_t*>(duckdb_vector_get_data(result));
         std::fill_n(hashes, rows, uint64_t{0});
         for (const auto& column : columns)
           if (auto added = add_column(column, rows, hashes); !added.ok()) return added;
         return success();
       }});
}

Result<std::string> row_hash_sql(duck::Connection& connection, const std::string& relation) {
  const auto columns = connection.describe("SELECT * FROM " + relation);
  if (!columns.ok()) return columns.error();
  std::string names;
  for (const auto& column : *columns) names += (names.empty() ? "" : ", ") + duck::quote_name(column.name);
  return fmt::format("penstock_row_hash({})", names);
}

std::string parquet_file_sql(const std::string& file) {
  std::string pattern;
  for (const char c : file)
    pattern += c == '*' || c == '?' || c == '[' ? fmt::format("[{}]", c) : std::string(1, c);
  return fmt::format("read_parquet({})", duck::quote_text(pattern));
}

}  // namespace penstock
