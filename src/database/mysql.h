// MySQL's and MariaDB's client library, with time-outs, and errors as values.
#pragma once

#include <mysql.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::mysql {

struct Trouble {
  unsigned code = 0;
  std::string sqlstate, message;
  bool lost = false;  // the connection is of no use any more
};

// As MySQL's SQL writes them, in backquotes. Of a table: "name", or "database.name", where all that follows
// the first dot is the name.
std::string quoted_name(std::string_view name);
std::string quoted_table(std::string_view name);

using Texts = std::vector<std::optional<std::string>>;

// Rows, or what was the trouble.
struct Outcome {
  std::vector<Texts> rows;
  std::optional<Trouble> trouble;
  bool ok() const { return !trouble; }
};

struct Login {
  std::string url;         // mysql://user:password@host:port/database
  std::string password;    // in the place of the URL's, when not empty
  std::string encryption;  // off, required, verified; empty: verified, unless the server is on this machine
  std::string session;     // the statement that the session begins with
  unsigned flags = 0;      // of the client, such as CLIENT_FOUND_ROWS
};

// A column of a result that is on its way.
struct Field {
  std::string name;
  enum_field_types type = MYSQL_TYPE_NULL;
  unsigned flags = 0, decimals = 0;
  unsigned long length = 0;
  bool binary = false;  // bytes, not characters
  bool json = false;    // MariaDB says so beside the type
};

class Connection {
 public:
  explicit Connection(Login login)
      : login_(std::move(login)), handle_(nullptr, &mysql_close), result_(nullptr, &mysql_free_result) {}
  ~Connection() { close(); }

  bool is_open() const { return handle_ != nullptr; }
  void close() {
    // What is left of a result would be read to its end.
    if (result_ && handle_) mariadb_cancel(handle_.get());
    result_.reset();
    handle_.reset();
  }
  std::optional<Trouble> open(unsigned connect_seconds, unsigned answer_seconds);
  Outcome run(const std::string& sql);
  // A query whose rows are taken one by one, as they arrive; `fields` says what they are.
  std::optional<Trouble> begin(const std::string& sql, std::vector<Field>& fields);
  // The next row's values and their lengths (nullptr: NULL), good until the next call; nullptr: no more, or
  // trouble.
  MYSQL_ROW next(const unsigned long** lengths, std::optional<Trouble>& failed);
  // Which session of the server this is, for KILL.
  unsigned long session_id() const { return handle_ ? mysql_thread_id(handle_.get()) : 0; }
  // "10.11.6-MariaDB-0+deb12u1"
  std::string server_version() const { return handle_ ? mysql_get_server_info(handle_.get()) : ""; }
  // With quotes.
  void append_quoted(std::string& out, std::string_view text);
  // Statements must stay below it.
  size_t statement_bytes_max() const { return statement_bytes_max_; }

 private:
  Trouble trouble();

  Login login_;
  size_t statement_bytes_max_ = 1 << 20;
  std::unique_ptr<MYSQL, decltype(&mysql_close)> handle_;
  std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result_;
};

}  // namespace penstock::mysql
