// Blocks of the Native format: how many columns and rows, then each column's name, type and values, one
// column after the other. Nothing says how long a block is, so it is walked through as it arrives.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "source/clickhouse/form.h"

namespace penstock::clickhouse {

// Where the values of a form stand in the bytes of a block; those of its members follow in the list.
struct Part {
  const Form* form = nullptr;
  size_t rows = 0;
  size_t nulls = 0;   // a byte for each row, when the form is nullable
  size_t values = 0;  // of a list or map: where each row's members end, 8 bytes each
  size_t length = 1;  // of the list from here on: this part and its members
};
using Parts = std::vector<Part>;  // of one column; the first is its own

struct Block {
  size_t rows = 0;
  std::vector<Parts> columns;
};

struct Expected {
  std::string name;
  Form form;
};

class Scanner {
 public:
  // Blocks must have these columns, which must live as long as the scanner and what it finds.
  explicit Scanner(std::span<const Expected> expected) : expected_(expected) {}

  enum class Found {
    block,  // the bytes begin with one
    more,   // bytes are missing
    other,  // this is no such block
  };
  // Goes on where it stopped: call it again with the same bytes and more behind them.
  Found scan(std::string_view bytes);
  // After Found::block: the block, and how many bytes it takes. The next scan begins a new one.
  Block take(size_t& length);

 private:
  struct Task {
    size_t part;  // of the column that is read
    size_t rows;
    bool nulls_done = false;
    size_t rows_done = 0;  // of texts
  };
  enum class Went { on, short_of_bytes, wrong };

  Went read_head();
  Went read_column_head();
  Went read_values();
  Went read_task();
  Went read_lengths(Task& task);
  Went read_texts(Task& task);
  Went end_task(std::span<const Task> members);
  bool take_number(uint64_t& number);
  bool take_text(std::string_view& text);
  bool has(size_t bytes) const { return bytes <= bytes_.size() - at_; }

  std::span<const Expected> expected_;
  std::string_view bytes_;
  size_t at_ = 0;
  bool head_done_ = false;
  bool column_begun_ = false;
  Block block_;
  std::vector<Task> tasks_;  // the last one first
};

}  // namespace penstock::clickhouse
