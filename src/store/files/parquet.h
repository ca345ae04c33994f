// Parquet files, written by the DuckDB that is in the process anyway.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/temp_directory.h"
#include "duck/duck.h"
#include "store/files/format.h"

namespace penstock::files {

// One thread at a time. Errors are of kind disk, or internal.
class ParquetWriter {
 public:
  // `compression`: none, gzip, zstd.
  explicit ParquetWriter(std::string compression) : compression_(std::move(compression)) {}

  // Every column has the type that the payload has.
  Result<void> write(const RowsBody& body, std::string_view operation, const std::string& path);
  // The bytes of such a file.
  Result<std::string> bytes(const RowsBody& body, std::string_view operation);
  // All rows of these files, in their order, as one file. Without any file an empty one with these columns.
  Result<void> join(const std::vector<std::string>& files, const std::vector<FileColumn>& columns,
                    const std::string& path);

 private:
  Result<void> open();
  Result<void> copy(const std::string& select, const std::string& path);

  std::string compression_;
  std::optional<TempDirectory> scratch_;
  std::optional<duck::Connection> connection_;
};

}  // namespace penstock::files
