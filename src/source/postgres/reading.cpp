#include "source/postgres/reading.h"

#include <fmt/format.h>

namespace penstock::postgres {
namespace {

constexpr size_t kPieceRows = duck::kChunkRows;
// The server ends a statement in time; this is for a server that does not.
constexpr Duration kGrace = 60s;

// The wanted columns, in order, and the number in the result of the piece's first row.
struct Wanted {
  std::vector<const Carried*> columns;
};

Error bad_value(const Carried& column, uint64_t row, const char* why) {
  return {ErrorKind::source,
          fmt::format("row {} of the result: a value in the column '{}' {}", row + 1, column.name, why),
          "mend the row, or leave it out of the model"};
}

const char* put(const Carried& column, std::string_view value, const duck::Writable& out, size_t row) {
  return column.width == 0 ? column.put(value, out, row)
                           : put_decimal(value, out, row, column.width, column.scale);
}

std::vector<duck::Writable> columns_of(const duck::Output& output, size_t count) {
  std::vector<duck::Writable> all;
  for (size_t i = 0; i < count; ++i) all.push_back(output.column(i));
  return all;
}

// Rows in the form of COPY: how many fields, then each one's length (-1 for NULL) and bytes.
class CopiedPiece final : public duck::Piece {
 public:
  CopiedPiece(std::shared_ptr<const Wanted> wanted, uint64_t first_row)
      : wanted_(std::move(wanted)), first_row_(first_row) {}
  CopiedRows& rows() { return rows_; }

  Result<size_t> fill(const duck::Output& output) override {
    const auto columns = columns_of(output, wanted_->columns.size());
    const size_t count = rows_.ends.size();
    for (size_t row = 0, from = 0; row < count; from = rows_.ends[row++])
      if (auto put = fill_row({rows_.bytes.data() + from, rows_.ends[row] - from}, columns, row); !put.ok())
        return put.error();
    rows_.clear();
    first_row_ += count;
    return count;
  }

 private:
  Result<void> fill_row(std::string_view bytes, const std::vector<duck::Writable>& columns, size_t row) {
    bytes.remove_prefix(2);
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto length = take_length(bytes);
      if (!length) return Error{ErrorKind::source, "the server sent rows in a form that is not COPY's", ""};
      if (*length < 0) {
        columns[i].set_null(row);
        continue;
      }
      const std::string_view value = bytes.substr(0, static_cast<size_t>(*length));
      bytes.remove_prefix(value.size());
      if (const char* why = put(*wanted_->columns[i], value, columns[i], row))
        return bad_value(*wanted_->columns[i], first_row_ + row, why);
    }
    return success();
  }
  static std::optional<int32_t> take_length(std::string_view& bytes) {
    if (bytes.size() < 4) return std::nullopt;
    uint32_t length = 0;
    std::memcpy(&length, bytes.data(), 4);
    bytes.remove_prefix(4);
    const auto signed_length = static_cast<int32_t>(std::byteswap(length));
    if (signed_length > static_cast<int64_t>(bytes.size())) return std::nullopt;
    return signed_length;
  }

  std::shared_ptr<const Wanted> wanted_;
  uint64_t first_row_;
  CopiedRows rows_;
};

// Rows of a FETCH.
class FetchedPiece final : public duck::Piece {
 public:
  FetchedPiece(std::shared_ptr<const Wanted> wanted, uint64_t first_row, Rows rows)
      : wanted_(std::move(wanted)), first_row_(first_row), rows_(std::move(rows)) {}

  Result<size_t> fill(const duck::Output& output) override {
    const auto columns = columns_of(output, wanted_->columns.size());
    const size_t count = std::min(rows_.count() - done_, duck::kChunkRows);
    for (size_t i = 0; i < columns.size(); ++i)
      for (size_t row = 0; row < count; ++row) {
        if (rows_.is_null(done_ + row, i)) {
          columns[i].set_null(row);
        } else if (const char* why = put(*wanted_->columns[i], rows_.text(done_ + row, i), columns[i], row)) {
          return bad_value(*wanted_->columns[i], first_row_ + done_ + row, why);
        }
      }
    done_ += count;
    return count;
  }

 private:
  std::shared_ptr<const Wanted> wanted_;
  uint64_t first_row_;
  Rows rows_;
  size_t done_ = 0;
};

// A connection on which a statement was begun, and not ended, is of no use to the next one.
class Reading : public duck::Stream {
 public:
  Reading(std::shared_ptr<Connection> connection, std::shared_ptr<const Wanted> wanted)
      : connection_(std::move(connection)), wanted_(std::move(wanted)) {}
  ~Reading() override {
    if (ended_) return;
    if (connection_->is_open()) connection_->cancel();
    connection_->close();
  }

 protected:
  // A transaction that has only read has nothing to commit.
  void end() {
    ended_ = true;
    connection_->close();
  }
  Error failed(const Trouble& trouble) {
    ended_ = true;
    connection_->close();
    if (connection_->is_cancelled())
      return {ErrorKind::interrupted, "the source's query was interrupted", ""};
    return as_error(trouble, "", 0);
  }

  std::shared_ptr<Connection> connection_;
  std::shared_ptr<const Wanted> wanted_;
  uint64_t rows_ = 0;
  bool ended_ = false;
};

// COPY's data begin with this, then flags, then the length of a header that may follow.
constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr size_t kHeaderBytes = kSignature.size() + 8, kTrailerBytes = 2;

class CopyReading final : public Reading {
 public:
  using Reading::Reading;
  Result<std::unique_ptr<duck::Piece>> next() override {
    if (ended_) return std::unique_ptr<duck::Piece>();
    auto piece = std::make_unique<CopiedPiece>(wanted_, rows_);
    CopiedRows& rows = piece->rows();
    if (auto trouble = connection_->copy_out(rows, kPieceRows)) return failed(*trouble);
    if (rows.ends.size() < kPieceRows) end();
    if (rows_ == 0 && !cut_header(rows))
      return Error{ErrorKind::source, "the server sent data that are not COPY's", ""};
    // The last "row" says only that there are no more.
    if (!rows.ends.empty() &&
        rows.ends.back() - (rows.ends.size() > 1 ? rows.ends[rows.ends.size() - 2] : 0) == kTrailerBytes &&
        rows.bytes.ends_with("\xff\xff"))
      rows.ends.pop_back();
    rows_ += rows.ends.size();
    if (rows.ends.empty()) return std::unique_ptr<duck::Piece>();
    return std::unique_ptr<duck::Piece>(std::move(piece));
  }

 private:
  // It comes in one piece with the first row, or alone.
  static bool cut_header(CopiedRows& rows) {
    if (!std::string_view(rows.bytes).starts_with(kSignature) || rows.bytes.size() < kHeaderBytes)
      return false;
    rows.bytes.erase(0, kHeaderBytes);
    for (size_t& end : rows.ends) end -= kHeaderBytes;
    if (rows.ends[0] == 0) rows.ends.erase(rows.ends.begin());
    return true;
  }
};

class CursorReading final : public Reading {
 public:
  using Reading::Reading;
  Result<std::unique_ptr<duck::Piece>> next() override {
    if (ended_) return std::unique_ptr<duck::Piece>();
    Outcome fetched = connection_->run_binary(fmt::format("FETCH FORWARD {} FROM penstock", 4 * kPieceRows));
    if (!fetched.ok()) return failed(fetched.trouble);
    const size_t count = fetched.rows->count();
    if (count == 0) {
      end();
      return std::unique_ptr<duck::Piece>();
    }
    const uint64_t first = std::exchange(rows_, rows_ + count);
    return std::unique_ptr<duck::Piece>(new FetchedPiece(wanted_, first, *std::move(fetched.rows)));
  }
};

class QueryTable final : public duck::StreamTable {
 public:
  QueryTable(std::shared_ptr<Connection> connection, Query query, Terms terms)
      : connection_(std::move(connection)), query_(std::move(query)), terms_(std::move(terms)) {
    for (const auto& column : query_.columns)
      columns_.push_back({column.name, duck::Type(duckdb_create_logical_type(DUCKDB_TYPE_INVALID))});
    for (size_t i = 0; i < columns_.size(); ++i) std::swap(columns_[i].type, query_.columns[i].type);
  }

  const std::vector<duck::Column>& columns() const override { return columns_; }

  Result<std::unique_ptr<duck::Stream>> open(std::span<const size_t> wanted) override {
    if (!connection_->is_open()) {
      connection_->set_deadline(30s);
      if (auto trouble = connection_->open()) return as_error(*trouble, "", 0);
    }
    connection_->set_deadline(terms_.time_max + kGrace);
    if (auto begun = connection_->run(terms_.begin); !begun.ok()) return failed(begun.trouble, 0);
    auto chosen = std::make_shared<Wanted>();
    std::string select;
    for (const size_t number : wanted) {
      chosen->columns.push_back(&query_.columns[number]);
      select += (select.empty() ? "" : ", ") + query_.columns[number].sql;
    }
    select = fmt::format("SELECT {} FROM (\n", select);
    return terms_.fetch == Fetch::copy ? begin_copy(select, chosen) : begin_cursor(select, chosen);
  }

  void cancel() override { connection_->cancel(); }

 private:
  Result<std::unique_ptr<duck::Stream>> begin_copy(const std::string& select,
                                                   std::shared_ptr<Wanted> wanted) {
    const std::string head = "COPY (" + select;
    const Outcome begun = connection_->run(
        fmt::format("{}{}\n) AS penstock_model) TO STDOUT (FORMAT binary)", head, query_.sql));
    if (!begun.ok()) return failed(begun.trouble, head.size());
    return std::unique_ptr<duck::Stream>(new CopyReading(connection_, std::move(wanted)));
  }

  Result<std::unique_ptr<duck::Stream>> begin_cursor(const std::string& select,
                                                     std::shared_ptr<Wanted> wanted) {
    const std::string head = "DECLARE penstock CURSOR FOR " + select;
    if (auto declared = connection_->run(fmt::format("{}{}\n) AS penstock_model", head, query_.sql));
        !declared.ok())
      return failed(declared.trouble, head.size());
    return std::unique_ptr<duck::Stream>(new CursorReading(connection_, std::move(wanted)));
  }

  Error failed(const Trouble& trouble, size_t head) {
    if (connection_->is_cancelled())
      return {ErrorKind::interrupted, "the source's query was interrupted", ""};
    return as_error(trouble, query_.sql, head);
  }

  std::shared_ptr<Connection> connection_;
  Query query_;
  Terms terms_;
  std::vector<duck::Column> columns_;
};

// "line 3 of the SQL": where in the model's text the server stumbled.
std::string line_of(const std::string& sql, size_t position, size_t at) {
  if (position == 0 || position <= at || sql.empty()) return "";
  size_t left = position - at - 1, line = 1;
  for (const char c : sql) {
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;  // of a character that was counted
    if (left-- == 0) return fmt::format(" (line {} of the SQL)", line);
    if (c == '\n') ++line;
  }
  return "";
}

}  // namespace

Error as_error(const Trouble& trouble, const std::string& sql, size_t at) {
  const std::string& state = trouble.sqlstate;
  if (trouble.login || state.starts_with("28"))
    return {ErrorKind::source, "the server refuses the login: " + trouble.message,
            "check user and password, and pg_hba.conf on the server"};
  if (trouble.database) return {ErrorKind::source, trouble.message, "name an existing database in `url`"};
  if (state.empty())
    return {ErrorKind::source, "the server cannot be reached: " + trouble.message,
            "check host and port in `url`, and whether the server runs"};
  if (state == "57014")
    return {ErrorKind::source, "the server gave up the query: " + trouble.message,
            "raise `statement_timeout` of the source, or make the query cheaper"};
  if (state == "42501")
    return {ErrorKind::source, trouble.message, "grant the role SELECT on it, and USAGE on its schema"};
  if (state == "25006")
    return {ErrorKind::config, "a model only reads: " + trouble.message,
            "write one SELECT that changes nothing"};
  // The statement itself: 42 syntax, names and types; 0A what there is not.
  if (state.starts_with("42") || state.starts_with("0A"))
    return {ErrorKind::config, trouble.message + line_of(sql, trouble.position, at), trouble.hint};
  return {ErrorKind::source, fmt::format("{} ({})", trouble.message, state), trouble.hint};
}

std::shared_ptr<duck::StreamTable> make_reading(std::shared_ptr<Connection> connection, Query query,
                                                Terms terms) {
  return std::make_shared<QueryTable>(std::move(connection), std::move(query), std::move(terms));
}

}  // namespace penstock::postgres
