// Drivers of Arrow Database Connectivity: shared libraries that people install, loaded while the program
// runs.
//
// What is called here is the C interface of ADBC 1.0 and 1.1 (arrow.apache.org/adbc, "ADBC C API", 2026-11).
// A driver is never unloaded: those written in Go cannot be.
#pragma once

#include <adbc.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::adbc {

// An error that a driver gave, and its release.
class Failure {
 public:
  Failure() : error_(ADBC_ERROR_INIT) {}
  Failure(const Failure&) = delete;
  Failure& operator=(const Failure&) = delete;
  ~Failure() {
    if (error_.release != nullptr) error_.release(&error_);
  }
  AdbcError* get() { return &error_; }
  std::string message() const {
    return error_.message == nullptr ? "the driver does not say why" : error_.message;
  }

 private:
  AdbcError error_;
};

// What it means for who reads. `of_statement`: it came of the model's SQL.
Error as_error(AdbcStatusCode code, const Failure& failure, bool of_statement);

// Entry points that are tried where none is named: "libadbc_driver_snowflake.so" -> AdbcDriverSnowflakeInit,
// then AdbcDriverInit.
std::vector<std::string> entry_points(std::string_view library);

// `library`: a path, or a name that the system's loader finds. `entry_point` may be empty. Errors: `config`.
Result<std::shared_ptr<AdbcDriver>> load_driver(const std::string& library, const std::string& entry_point);

using Options = std::vector<std::pair<std::string, std::string>>;

// A connection to a database. Thread-safe as far as the driver is: statements are run one after the other.
class Session {
 public:
  static Result<std::shared_ptr<Session>> open(std::shared_ptr<AdbcDriver> driver, const Options& options);
  ~Session();

  // The rows of a query; what it gives must be released.
  Result<void> query(const std::string& sql, ArrowArrayStream& into);
  // A statement for its effect; what rows it gives are thrown away.
  Result<void> run(const std::string& sql);
  // Has a statement with these options take the rows. False: the driver cannot.
  Result<bool> take(const Options& options, ArrowArrayStream& rows);
  // All catalogues with their schemas and tables, as ADBC nests them.
  Result<void> objects(ArrowArrayStream& into);
  // Ends the query that runs, where the driver can.
  void cancel();
  // The error that a stream of a query ended with.
  static Error stream_error(ArrowArrayStream& stream, int code);

 private:
  explicit Session(std::shared_ptr<AdbcDriver> driver) : driver_(std::move(driver)) {}
  void end_statement();
  std::shared_ptr<AdbcDriver> driver_;
  AdbcDatabase database_{};
  AdbcConnection connection_{};
  AdbcStatement statement_{};
};

}  // namespace penstock::adbc
