// The client library with time-outs, and errors as values.
#pragma once

#include <mysql.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace penstock::mysql {

struct Trouble {
  unsigned code = 0;
  std::string sqlstate, message;
  bool lost = false;  // the connection is of no use any more
};

using Texts = std::vector<std::optional<std::string>>;

// Rows, or what was the trouble.
struct Outcome {
  std::vector<Texts> rows;
  std::optional<Trouble> trouble;
  bool ok() const { return !trouble; }
};

class Connection {
 public:
  explicit Connection(const Headers& headers);

  bool is_open() const { return handle_ != nullptr; }
  void close() { handle_.reset(); }
  std::optional<Trouble> open(unsigned connect_seconds, unsigned answer_seconds);
  Outcome run(const std::string& sql);
  // With quotes.
  void append_quoted(std::string& out, std::string_view text);
  // Statements must stay below it.
  size_t statement_bytes_max() const { return statement_bytes_max_; }

 private:
  Trouble trouble();

  std::string url_, password_, encryption_;
  size_t statement_bytes_max_ = 1 << 20;
  std::unique_ptr<MYSQL, decltype(&mysql_close)> handle_;
};

}  // namespace penstock::mysql
