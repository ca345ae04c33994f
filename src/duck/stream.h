// Tables whose rows come from elsewhere while DuckDB reads them: a query's result from a server, for one.
//
// Whoever sends the rows hands them out in pieces, one after the other; DuckDB's threads fill what they hold
// into vectors, side by side. So the decoding keeps all cores busy though the rows arrive on one connection,
// and no more pieces are in memory than there are threads.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "duck/duck.h"

namespace penstock::duck {

constexpr size_t kChunkRows = 2048;  // that a chunk of DuckDB holds

// A chunk to be filled in; its columns are those that were asked for, in that order.
class Output {
 public:
  explicit Output(duckdb_data_chunk chunk) : chunk_(chunk) {}
  Writable column(size_t index) const { return Writable(duckdb_data_chunk_get_vector(chunk_, index)); }

 private:
  duckdb_data_chunk chunk_;
};

// Rows that one thread fills in, up to kChunkRows each time.
class Piece {
 public:
  virtual ~Piece() = default;
  virtual Result<size_t> fill(const Output& output) = 0;  // how many; 0: no more
};

// One reading of a table, from its first row to its last.
class Stream {
 public:
  virtual ~Stream() = default;
  // Called by one thread at a time, not always the same one. nullptr: no more.
  virtual Result<std::unique_ptr<Piece>> next() = 0;
};

// A table in the FROM of a query. It may be read several times, one after the other.
class StreamTable {
 public:
  virtual ~StreamTable() = default;
  virtual const std::vector<Column>& columns() const = 0;
  // `wanted`: the columns that the query needs, by their numbers, never none. Not called for a query that is
  // only understood and not run.
  virtual Result<std::unique_ptr<Stream>> open(std::span<const size_t> wanted) = 0;
  // Ends what next() waits for, soon and with an error of kind `interrupted`. From any thread.
  virtual void cancel() = 0;
};

}  // namespace penstock::duck
