#include "source/clickhouse/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "source/clickhouse/block.h"
#include "source/clickhouse/decode.h"

namespace penstock::clickhouse {
namespace {

constexpr size_t kBlockBytesMax = size_t{1} << 30;
constexpr size_t kRestMax = size_t{1} << 20;  // of a reply that is only read for its error
constexpr int kLinesBefore = 1;               // of the statement, before the model's SQL

// What a reading asks for, in the order in which it is wanted.
struct Choice {
  std::vector<Expected> expected;
  std::vector<std::string> names;  // as the model calls them
};

// Memory that blocks have stood in, for those to come: the system takes its time to hand out new pages.
class Buffers {
 public:
  std::string take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return {};
    std::string buffer = std::move(idle_.back());
    idle_.pop_back();
    return buffer;
  }
  void put_back(std::string buffer) {
    const std::lock_guard lock(mutex_);
    buffer.clear();
    if (idle_.size() < kIdleBuffersMax) idle_.push_back(std::move(buffer));
  }

 private:
  static constexpr size_t kIdleBuffersMax = 4;
  std::mutex mutex_;
  std::vector<std::string> idle_;
};

// The rows of one block.
class BlockPiece final : public duck::Piece {
 public:
  BlockPiece(std::shared_ptr<const Choice> choice, std::shared_ptr<Buffers> buffers, uint64_t first_row,
             std::string bytes, Block block)
      : choice_(std::move(choice)),
        buffers_(std::move(buffers)),
        first_row_(first_row),
        bytes_(std::move(bytes)),
        rows_(block.rows) {
    for (auto& parts : block.columns) readers_.emplace_back(bytes_, std::move(parts));
  }
  ~BlockPiece() override { buffers_->put_back(std::move(bytes_)); }

  Result<size_t> fill(const duck::Output& output) override {
    const size_t count = std::min(rows_ - done_, duck::kChunkRows);
    for (size_t i = 0; i < readers_.size(); ++i) {
      size_t bad = 0;
      if (const char* why = readers_[i].fill(count, output.column(i), bad))
        return Error{ErrorKind::source,
                     fmt::format("row {} of the result: a value in the column '{}' {}",
                                 first_row_ + done_ + bad + 1, choice_->names[i], why),
                     "mend the row, or leave it out of the model"};
    }
    done_ += count;
    return count;
  }

 private:
  std::shared_ptr<const Choice> choice_;
  std::shared_ptr<Buffers> buffers_;
  uint64_t first_row_;
  std::string bytes_;
  size_t rows_, done_ = 0;
  std::vector<ColumnReader> readers_;
};

class BlockStream final : public duck::Stream {
 public:
  BlockStream(std::shared_ptr<Server> server, Server::Answer answer, std::shared_ptr<const Choice> choice)
      : server_(std::move(server)),
        answer_(std::move(answer)),
        choice_(std::move(choice)),
        scanner_(choice_->expected) {}
  // Who goes before the end leaves the server nothing to do.
  ~BlockStream() override {
    if (ended_) return;
    answer_.stream.reset();
    server_->end_query(answer_.query_id);
  }

  Result<std::unique_ptr<duck::Piece>> next() override {
    while (!ended_) {
      switch (scanner_.scan(buffer_)) {
        case Scanner::Found::block:
          if (auto piece = take_block()) return std::unique_ptr<duck::Piece>(std::move(piece));
          break;
        case Scanner::Found::other:
          return read_rest();
        case Scanner::Found::more:
          if (auto more = receive(); !more.ok()) return more.error();
          break;
      }
    }
    return std::unique_ptr<duck::Piece>();
  }

 private:
  // nullptr for a block without rows, which some servers send first or last.
  std::unique_ptr<duck::Piece> take_block() {
    size_t length = 0;
    Block block = scanner_.take(length);
    std::string rest = buffers_->take();
    rest.append(buffer_, length);
    std::string bytes = std::exchange(buffer_, std::move(rest));
    if (block.rows == 0) return nullptr;
    const uint64_t first = std::exchange(rows_, rows_ + block.rows);
    return std::make_unique<BlockPiece>(choice_, buffers_, first, std::move(bytes), std::move(block));
  }

  // The end is where no block has begun: all else is a reply that was cut off.
  Result<void> receive() {
    if (buffer_.size() > kBlockBytesMax)
      return Error{ErrorKind::source, "the server sends a block of rows of more than a gigabyte",
                   "set preferred_block_size_bytes or max_block_size lower in the user's profile"};
    const auto more = answer_.stream->read(buffer_);
    if (!more.ok()) return broke_off(&more.error());
    if (*more) return success();
    if (!buffer_.empty()) return broke_off(nullptr);
    ended_ = true;
    return success();
  }

  // Status 200 was sent long before something went wrong: then the error's text stands among the data, or
  // where the next block should be.
  Error read_rest() {
    for (size_t left = kRestMax; left > 0;) {
      const size_t before = buffer_.size();
      const auto more = answer_.stream->read(buffer_);
      if (!more.ok()) return broke_off(&more.error());
      if (!*more) break;
      left -= std::min(left, buffer_.size() - before);
    }
    return broke_off(nullptr);
  }

  Error broke_off(const Error* transport) {
    ended_ = !server_->is_cancelled() && transport == nullptr;
    return server_->broken(buffer_, transport, kLinesBefore);
  }

  std::shared_ptr<Server> server_;
  Server::Answer answer_;
  std::shared_ptr<const Choice> choice_;
  Scanner scanner_;
  std::shared_ptr<Buffers> buffers_ = std::make_shared<Buffers>();
  std::string buffer_;  // what has come and belongs to no piece yet
  uint64_t rows_ = 0;
  bool ended_ = false;
};

class QueriedTable final : public duck::StreamTable {
 public:
  QueriedTable(std::shared_ptr<Server> server, std::string sql, std::vector<Column> asked)
      : server_(std::move(server)), sql_(std::move(sql)), asked_(std::move(asked)) {
    for (const auto& column : asked_)
      while (column.name.starts_with(prefix_)) prefix_ += '_';
    for (const auto& column : asked_)
      columns_.push_back({column.name, duck_type_of(column.asked.form, column.asked.is_json)});
  }

  const std::vector<duck::Column>& columns() const override { return columns_; }

  Result<std::unique_ptr<duck::Stream>> open(std::span<const size_t> wanted) override {
    auto choice = std::make_shared<Choice>();
    std::string select;
    for (const size_t number : wanted) {
      const Column& column = asked_[number];
      const std::string alias = fmt::format("{}{}", prefix_, number);
      select += fmt::format("{}{} AS {}", select.empty() ? "" : ", ", expression(column), alias);
      choice->expected.push_back({alias, column.asked.form});
      choice->names.push_back(column.name);
    }
    auto answer =
        server_->ask(fmt::format("SELECT {} FROM (\n{}\n) FORMAT Native", select, sql_), kLinesBefore);
    if (!answer.ok()) return answer.error();
    return std::unique_ptr<duck::Stream>(new BlockStream(server_, *std::move(answer), std::move(choice)));
  }

  void cancel() override { server_->cancel(); }

 private:
  static std::string expression(const Column& column) {
    std::string name = quote_name(column.name);
    if (column.asked.as_it_is) return name;
    return fmt::format("CAST({}, {})", name, quote_text(column.asked.type));
  }

  std::shared_ptr<Server> server_;
  std::string sql_;
  std::vector<Column> asked_;
  // Of the names of results. No column of the model may bear one: in a SELECT of ClickHouse, names of its own
  // results come before those of what it reads from.
  std::string prefix_ = "penstock_";
  std::vector<duck::Column> columns_;
};

}  // namespace

std::shared_ptr<duck::StreamTable> read_query(std::shared_ptr<Server> server, std::string sql,
                                              std::vector<Column> columns) {
  return std::make_shared<QueriedTable>(std::move(server), std::move(sql), std::move(columns));
}

}  // namespace penstock::clickhouse
