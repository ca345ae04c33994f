#include "source/adbc/arrow_table.h"

#include <fmt/format.h>

#include <atomic>

namespace penstock::adbc {
namespace {

// A DuckDB of their own, for those that turn Arrow's arrays into vectors.
Result<std::shared_ptr<duck::Connection>> converter() {
  auto connection = duck::Connection::open({});
  if (!connection.ok()) return connection.error();
  return std::make_shared<duck::Connection>(*std::move(connection));
}

Result<void> checked(duckdb_error_data error) {
  Result<void> result = success();
  if (error != nullptr && duckdb_error_data_has_error(error))
    result = Error{ErrorKind::source, duckdb_error_data_message(error), "CAST the column in the model's SQL"};
  duckdb_destroy_error_data(&error);
  return result;
}

struct StreamOwner {
  ArrowArrayStream stream{};
  ~StreamOwner() {
    if (stream.release != nullptr) stream.release(&stream);
  }
};

struct ConvertedSchema {
  duckdb_arrow_converted_schema schema = nullptr;
  ~ConvertedSchema() { duckdb_destroy_arrow_converted_schema(&schema); }
};

// What all pieces of a reading share.
struct Shared {
  std::shared_ptr<duck::Connection> connection;
  ConvertedSchema converted;
  size_t columns = 0;          // of the stream
  std::vector<size_t> wanted;  // of these, in the order in which they are asked for
};

// One array, of any length.
class ArrowPiece final : public duck::Piece {
 public:
  ArrowPiece(std::shared_ptr<const Shared> shared, ArrowArray array)
      : shared_(std::move(shared)), array_(array) {}
  ~ArrowPiece() override {
    if (array_.release != nullptr) array_.release(&array_);
    if (chunk_ != nullptr) duckdb_destroy_data_chunk(&chunk_);
  }

  Result<size_t> fill(const duck::Output& output) override {
    if (chunk_ == nullptr)
      if (auto converted = convert(); !converted.ok()) return converted.error();
    const size_t rows = duckdb_data_chunk_get_size(chunk_), count = std::min(rows - done_, duck::kChunkRows);
    if (count == 0) return 0;
    duckdb_selection_vector selected = duckdb_create_selection_vector(count);
    sel_t* numbers = duckdb_selection_vector_get_data_ptr(selected);
    for (size_t i = 0; i < count; ++i) numbers[i] = static_cast<sel_t>(done_ + i);
    for (size_t i = 0; i < shared_->wanted.size(); ++i)
      duckdb_vector_copy_sel(duckdb_data_chunk_get_vector(chunk_, shared_->wanted[i]), output.column(i).get(),
                             selected, count, 0, 0);
    duckdb_destroy_selection_vector(selected);
    done_ += count;
    return count;
  }

 private:
  Result<void> convert() {
    if (array_.n_children != static_cast<int64_t>(shared_->columns))
      return Error{ErrorKind::source, "the driver sent other columns than it said", ""};
    return checked(duckdb_data_chunk_from_arrow(shared_->connection->get(), &array_,
                                                shared_->converted.schema, &chunk_));
  }

  std::shared_ptr<const Shared> shared_;
  ArrowArray array_;
  duckdb_data_chunk chunk_ = nullptr;
  size_t done_ = 0;
};

class ArrowReading final : public duck::Stream {
 public:
  ArrowReading(std::unique_ptr<StreamOwner> stream, std::shared_ptr<const Shared> shared,
               std::shared_ptr<std::atomic<bool>> cancelled)
      : stream_(std::move(stream)), shared_(std::move(shared)), cancelled_(std::move(cancelled)) {}

  Result<std::unique_ptr<duck::Piece>> next() override {
    for (;;) {
      ArrowArray array{};
      const int code = stream_->stream.get_next(&stream_->stream, &array);
      if (*cancelled_) {
        if (array.release != nullptr) array.release(&array);
        return Error{ErrorKind::interrupted, "the source's query was interrupted", ""};
      }
      if (code != 0) return Session::stream_error(stream_->stream, code);
      if (array.release == nullptr) return std::unique_ptr<duck::Piece>();
      auto piece = std::make_unique<ArrowPiece>(shared_, array);
      if (array.length > 0) return std::unique_ptr<duck::Piece>(std::move(piece));
    }
  }

 private:
  std::unique_ptr<StreamOwner> stream_;
  std::shared_ptr<const Shared> shared_;
  std::shared_ptr<std::atomic<bool>> cancelled_;
};

class ArrowTable final : public duck::StreamTable {
 public:
  ArrowTable(std::vector<duck::Column> columns, OpenStream open, std::function<void()> cancel)
      : columns_(std::move(columns)), open_(std::move(open)), cancel_(std::move(cancel)) {}

  const std::vector<duck::Column>& columns() const override { return columns_; }

  Result<std::unique_ptr<duck::Stream>> open(std::span<const size_t> wanted) override {
    std::vector<std::string> names;
    for (const size_t number : wanted) names.push_back(columns_[number].name);
    auto stream = std::make_unique<StreamOwner>();
    if (auto opened = open_(names, stream->stream); !opened.ok()) return opened.error();
    auto shared = std::make_shared<Shared>();
    auto connection = converter();
    if (!connection.ok()) return connection.error();
    shared->connection = *std::move(connection);
    ArrowSchema schema{};
    if (const int code = stream->stream.get_schema(&stream->stream, &schema); code != 0)
      return Session::stream_error(stream->stream, code);
    shared->columns = static_cast<size_t>(schema.n_children);
    place(schema, wanted, names, *shared);
    auto converted =
        checked(duckdb_schema_from_arrow(shared->connection->get(), &schema, &shared->converted.schema));
    if (schema.release != nullptr) schema.release(&schema);
    if (!converted.ok()) return converted.error();
    if (shared->wanted.empty())
      return Error{ErrorKind::source, "the driver gives other columns than were asked for", ""};
    return std::unique_ptr<duck::Stream>(new ArrowReading(std::move(stream), std::move(shared), cancelled_));
  }

  // The columns that were asked for; or, where the stream cannot leave any out, all of them in their own
  // order.
  void place(const ArrowSchema& schema, std::span<const size_t> wanted, const std::vector<std::string>& names,
             Shared& shared) const {
    bool as_asked = shared.columns == names.size();
    for (size_t i = 0; i < names.size() && as_asked; ++i) as_asked = names[i] == schema.children[i]->name;
    if (!as_asked && shared.columns != columns_.size()) return;
    for (size_t i = 0; i < wanted.size(); ++i) shared.wanted.push_back(as_asked ? i : wanted[i]);
  }

  void cancel() override {
    *cancelled_ = true;
    cancel_();
  }

 private:
  std::vector<duck::Column> columns_;
  OpenStream open_;
  std::function<void()> cancel_;
  std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

Result<std::vector<duck::Connection::TextRow>> texts(Session& session, const std::string& sql) {
  auto connection = converter();
  if (!connection.ok()) return connection.error();
  ArrowArrayStream stream{};
  if (auto asked = session.query(sql, stream); !asked.ok()) return asked.error();
  const StreamOwner owner{stream};
  auto* handed = reinterpret_cast<duckdb_arrow_stream>(const_cast<ArrowArrayStream*>(&owner.stream));
  if (duckdb_arrow_scan((*connection)->get(), "answer", handed) != DuckDBSuccess)
    return Error{ErrorKind::source, "the driver gives columns of a type that cannot be read", ""};
  return (*connection)->texts("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM answer");
}

Result<std::vector<duck::Column>> describe_stream(ArrowArrayStream& stream) {
  // DuckDB tells a stream's types as those of a view of it. The view lets the stream go with its database.
  auto connection = converter();
  if (!connection.ok()) return connection.error();
  const StreamOwner owner{stream};
  stream.release = nullptr;
  auto* handed = reinterpret_cast<duckdb_arrow_stream>(const_cast<ArrowArrayStream*>(&owner.stream));
  if (duckdb_arrow_scan((*connection)->get(), "described", handed) != DuckDBSuccess)
    return Error{ErrorKind::source, "the driver gives columns of a type that cannot be read",
                 "CAST them in the model's SQL"};
  return (*connection)->describe("SELECT * FROM described");
}

std::shared_ptr<duck::StreamTable> make_arrow_table(std::vector<duck::Column> columns, OpenStream open,
                                                    std::function<void()> cancel) {
  return std::make_shared<ArrowTable>(std::move(columns), std::move(open), std::move(cancel));
}

}  // namespace penstock::adbc
