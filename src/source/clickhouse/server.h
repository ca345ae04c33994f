// A ClickHouse server, spoken to by HTTP: queries, and what its exceptions mean.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/http_stream.h"

namespace penstock::clickhouse {

struct Login {
  std::string url;  // http://host:8123, without a slash at its end
  std::string user, password;
  std::string database;  // empty: the user's own
  std::string ca_file;   // empty: the system's authorities
};

struct Terms {
  Duration time_max{};  // after which the server gives up a query
  bool compressed = false;
};

struct Exception {
  int code = 0;
  std::string message;
};
// The exception that a reply ends with, however much stands before it.
std::optional<Exception> find_exception(std::string_view reply);
// What it means for who reads: kind, text and remedy. `lines` is how many of the statement's stand before the
// model's SQL.
Error as_error(const Exception& exception, int lines);

// Use from one thread at a time, but for cancel().
class Server {
 public:
  // Asks the server who we are and what may be set.
  static Result<std::shared_ptr<Server>> open(Login login, const Terms& terms);

  // The reply to a query that only reads, as it begins; `lines` as in as_error().
  struct Answer {
    std::unique_ptr<HttpStream> stream;
    std::string query_id;
  };
  Result<Answer> ask(const std::string& sql, int lines);
  // All rows of a small result, as texts.
  Result<std::vector<std::vector<std::string>>> rows(const std::string& sql, int lines);

  // One statement that changes something; `data` are those of an INSERT.
  Result<void> write(const std::string& sql, std::string data = "");

  // Asks the server to end a query; what it says to that is of no use to anyone.
  void end_query(const std::string& query_id) const;

  void cancel() { *cancelled_ = true; }
  bool is_cancelled() const { return *cancelled_; }
  // What a reply that broke off means; `reply` is what came of it.
  Error broken(std::string_view reply, const Error* transport, int lines) const;

 private:
  Server(Login login, const Terms& terms) : login_(std::move(login)), terms_(terms) {}
  Result<void> find_settings();
  HttpRequest request(const std::string& sql, const std::string& parameters) const;
  Error refused(HttpStream& stream, int lines) const;

  Login login_;
  Terms terms_;
  std::string parameters_;  // of each query: "&readonly=2&..."
  std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace penstock::clickhouse
