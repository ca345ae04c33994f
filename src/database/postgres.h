// libpq with deadlines: nothing here waits for a server longer than it was told to.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace penstock::postgres {

// What the server, or the way to it, did not like.
struct Trouble {
  std::string sqlstate;   // empty: the connection was lost, or never made
  std::string message;    // with the server's detail
  std::string hint = {};  // of the server
  size_t position = 0;    // in the statement, in characters from 1 on; 0: none
  bool lost = false;      // the connection is of no use any more
  bool login = false;     // while connecting: who we are was refused
  bool database = false;  // while connecting: there is no such database
};

class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}
  size_t count() const { return static_cast<size_t>(PQntuples(result_.get())); }
  bool is_null(size_t row, size_t column) const {
    return PQgetisnull(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
  }
  std::string_view text(size_t row, size_t column) const {
    return {PQgetvalue(result_.get(), static_cast<int>(row), static_cast<int>(column)),
            static_cast<size_t>(PQgetlength(result_.get(), static_cast<int>(row), static_cast<int>(column)))};
  }
  const PGresult* get() const { return result_.get(); }

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

// Rows, or what was the trouble.
struct Outcome {
  std::optional<Rows> rows;
  Trouble trouble;
  bool ok() const { return rows.has_value(); }
};

struct Login {
  std::string connection, password;
  bool is_guarded = true;  // false: the operator's own, such as the state's (net/address_guard.h)
};

// Rows of a COPY ... TO STDOUT, one after the other as they came. Used again and again.
struct CopiedRows {
  std::string bytes;
  std::vector<size_t> ends;  // of each row in `bytes`
  void clear() { bytes.clear(), ends.clear(); }
};

class Connection {
 public:
  explicit Connection(Login login) : login_(std::move(login)), handle_(nullptr, &PQfinish) {}

  bool is_open() const { return handle_ && PQstatus(handle_.get()) == CONNECTION_OK; }
  void close();
  // From now on each call ends by then.
  void set_deadline(Duration from_now) { deadline_ = std::chrono::steady_clock::now() + from_now; }

  std::optional<Trouble> open();
  // One or more statements without parameters; the last one's rows.
  Outcome run(const std::string& sql);
  // One statement; empty parameters are NULL.
  Outcome run(const std::string& sql, const std::vector<std::optional<std::string>>& parameters);
  // One statement; after the parameters one more, a bytea, when there are `bytes`. `binary`: so come the
  // rows.
  Outcome run(const std::string& sql, const std::vector<std::optional<std::string>>& parameters,
              std::optional<std::string_view> bytes, bool binary);
  // One statement whose rows come in binary form.
  Outcome run_binary(const std::string& sql);
  // COPY ... FROM STDIN with these data.
  Outcome copy_in(const std::string& sql, std::string_view data);
  // After run() of a COPY ... TO STDOUT: appends up to so many rows; none: all have come. The server sends no
  // faster than they are taken.
  std::optional<Trouble> copy_out(CopiedRows& rows, size_t rows_max);
  // Asks the server to give up what it does, and ends what waits for it here. From any thread, at any time
  // between open() and close().
  void cancel();
  bool is_cancelled() const { return cancelled_; }

 private:
  Outcome results();
  Outcome lost(std::string_view what);
  bool flush();
  bool wait(bool for_writing);
  PGresult* next_result(bool& timed_out);
  std::optional<Trouble> end_of_copy();

  Login login_;
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
  std::atomic<bool> cancelled_ = false;
  std::mutex cancel_mutex_;
  std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel_{nullptr, &PQfreeCancel};
  std::chrono::steady_clock::time_point deadline_{};
};

}  // namespace penstock::postgres
