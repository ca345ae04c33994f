// What an open DuckDB knows of a stream table: a table function that stays, and the table behind it, which
// comes and goes. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "duck/stream.h"

namespace penstock::duck {

class StreamDoor {
 public:
  Result<void> register_at(duckdb_connection connection, const std::string& name);
  void put(std::shared_ptr<StreamTable> table, std::string subject);  // nullptr: none
  std::shared_ptr<StreamTable> table() const;
  // DuckDB carries an error's text and nothing else of it: the whole of it is kept here.
  void note(const Error& error);
  std::optional<Error> take_failure();

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<StreamTable> table_;
  std::string subject_;
  std::optional<Error> failure_;
};

}  // namespace penstock::duck
