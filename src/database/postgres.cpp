#include "database/postgres.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "net/address_guard.h"

namespace penstock::postgres {
namespace {

// libpq ends its texts with a line break, and puts the detail on further lines.
std::string one_line(const char* text) {
  std::string out = text == nullptr ? "" : text;
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

Trouble trouble_of(const PGresult* result) {
  Trouble trouble;
  const auto field = [&](int code) { return one_line(PQresultErrorField(result, code)); };
  trouble.sqlstate = field(PG_DIAG_SQLSTATE);
  trouble.message = field(PG_DIAG_MESSAGE_PRIMARY);
  if (const auto detail = field(PG_DIAG_MESSAGE_DETAIL); !detail.empty())
    trouble.message += ": " + detail;
  else if (const auto context = field(PG_DIAG_CONTEXT); context.starts_with("COPY"))
    if (const auto column = context.find("column "); column != context.npos)
      trouble.message += " (" + context.substr(column) + ")";
  if (trouble.message.empty()) trouble.message = one_line(PQresultErrorMessage(result));
  trouble.hint = field(PG_DIAG_MESSAGE_HINT);
  trouble.position = std::strtoull(field(PG_DIAG_STATEMENT_POSITION).c_str(), nullptr, 10);
  // The server says that it ends the connection.
  trouble.lost = trouble.sqlstate.starts_with("57P") || trouble.sqlstate.starts_with("08");
  return trouble;
}

}  // namespace

bool Connection::wait(bool for_writing) {
  // In short waits: a server that does not answer may not answer a cancel() either.
  constexpr int64_t kLookMillis = 250;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    if (left.count() <= 0 || cancelled_) return false;
    pollfd watched{.fd = PQsocket(handle_.get()),
                   .events = static_cast<short>(POLLIN | (for_writing ? POLLOUT : 0)),
                   .revents = 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::min(left.count(), kLookMillis)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

void Connection::close() {
  const std::lock_guard lock(cancel_mutex_);
  cancel_.reset();
  handle_.reset();
}

void Connection::cancel() {
  cancelled_ = true;
  const std::lock_guard lock(cancel_mutex_);
  char ignored[256];
  if (cancel_) PQcancel(cancel_.get(), ignored, sizeof(ignored));
}

std::optional<Trouble> Connection::open() {
  std::vector<const char*> names{"dbname", "application_name", "client_encoding"};
  std::vector<const char*> values{login_.connection.c_str(), "penstock", "UTF8"};
  const auto say = [&](const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  };
  if (!login_.password.empty()) say("password", login_.password.c_str());
  // A way that is cut says nothing: without these a reader would wait for hours.
  say("keepalives_idle", "30");
  say("keepalives_interval", "10");
  say("keepalives_count", "3");
  say("tcp_user_timeout", "60000");
  names.push_back(nullptr);
  values.push_back(nullptr);
  // `dbname` is expanded: it may hold a whole URL, whose words win over those before it.
  handle_.reset(PQconnectStartParams(names.data(), values.data(), 1));
  if (!handle_) return Trouble{.sqlstate = "", .message = "out of memory", .lost = true};
  const AddressPolicy policy = login_.is_guarded ? policy_for_text(login_.connection) : AddressPolicy{};
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (PQstatus(handle_.get()) != CONNECTION_BAD && state != PGRES_POLLING_OK &&
         state != PGRES_POLLING_FAILED) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    pollfd watched{.fd = PQsocket(handle_.get()),
                   .events = static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                   .revents = 0};
    if (left.count() <= 0 || ::poll(&watched, 1, static_cast<int>(left.count())) <= 0) {
      handle_.reset();
      return Trouble{.sqlstate = "", .message = "no connection in time", .lost = true};
    }
    // The way is there, and nothing has been said yet.
    if (auto may = check_connected(policy, PQsocket(handle_.get()), PQhost(handle_.get())); !may.ok()) {
      handle_.reset();
      return Trouble{.sqlstate = "", .message = may.error().message, .lost = true};
    }
    state = PQconnectPoll(handle_.get());
  }
  if (is_open()) {
    PQsetnonblocking(handle_.get(), 1);
    PQsetNoticeProcessor(handle_.get(), [](void*, const char*) {}, nullptr);
    const std::lock_guard lock(cancel_mutex_);
    cancel_.reset(PQgetCancel(handle_.get()));
    return std::nullopt;
  }
  Trouble trouble{.sqlstate = "", .message = one_line(PQerrorMessage(handle_.get())), .lost = true};
  // libpq keeps the SQLSTATE of a refused login to itself.
  trouble.login = PQconnectionNeedsPassword(handle_.get()) != 0 ||
                  has(trouble.message, "authentication failed") || has(trouble.message, "pg_hba.conf") ||
                  has(trouble.message, "is not permitted to log in") ||
                  (has(trouble.message, "role \"") && has(trouble.message, "does not exist"));
  trouble.database = has(trouble.message, "database \"") && has(trouble.message, "does not exist");
  handle_.reset();
  return trouble;
}

Outcome Connection::lost(std::string_view what) {
  std::string message = handle_ ? one_line(PQerrorMessage(handle_.get())) : "";
  close();
  return {
      .rows = std::nullopt,
      .trouble = {
          .sqlstate = "", .message = message.empty() ? std::string(what) : std::move(message), .lost = true}};
}

bool Connection::flush() {
  for (;;) {
    const int left = PQflush(handle_.get());
    if (left == 0) return true;
    if (left < 0 || !wait(true) || PQconsumeInput(handle_.get()) == 0) return false;
  }
}

PGresult* Connection::next_result(bool& timed_out) {
  while (PQisBusy(handle_.get()) != 0) {
    if (!wait(false)) {
      timed_out = true;
      return nullptr;
    }
    if (PQconsumeInput(handle_.get()) == 0) break;
  }
  return PQgetResult(handle_.get());
}

// Of several statements the last one's rows, or the first trouble.
Outcome Connection::results() {
  Outcome outcome;
  std::optional<Trouble> first;
  for (;;) {
    bool timed_out = false;
    PGresult* result = next_result(timed_out);
    if (timed_out) return lost("the server did not answer in time");
    if (result == nullptr) break;
    Rows rows(result);
    const auto status = PQresultStatus(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      outcome.rows.emplace(std::move(rows));
      return outcome;
    }
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
      outcome.rows.emplace(std::move(rows));
    else if (!first)
      first = trouble_of(result);
  }
  if (PQstatus(handle_.get()) != CONNECTION_OK) {
    Outcome gone = lost("the connection was closed");
    if (first && !first->sqlstate.empty()) gone.trouble = *std::move(first);
    gone.trouble.lost = true;
    return gone;
  }
  if (first) return {.rows = std::nullopt, .trouble = *std::move(first)};
  if (!outcome.rows) return lost("the server gave no result");
  return outcome;
}

Outcome Connection::run(const std::string& sql) {
  if (PQsendQuery(handle_.get(), sql.c_str()) == 0 || !flush()) return lost("the statement was not sent");
  return results();
}

Outcome Connection::run(const std::string& sql, const std::vector<std::optional<std::string>>& parameters) {
  return run(sql, parameters, std::nullopt, false);
}

Outcome Connection::run(const std::string& sql, const std::vector<std::optional<std::string>>& parameters,
                        std::optional<std::string_view> bytes, bool binary) {
  std::vector<const char*> values;
  std::vector<int> lengths(parameters.size(), 0), formats(parameters.size(), 0);
  for (const auto& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  if (bytes) {
    values.push_back(bytes->data() == nullptr ? "" : bytes->data());
    lengths.push_back(static_cast<int>(bytes->size()));
    formats.push_back(1);
  }
  if (PQsendQueryParams(handle_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        lengths.data(), formats.data(), binary ? 1 : 0) == 0 ||
      !flush())
    return lost("the statement was not sent");
  return results();
}

Outcome Connection::run_binary(const std::string& sql) {
  if (PQsendQueryParams(handle_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) == 0 ||
      !flush())
    return lost("the statement was not sent");
  return results();
}

std::optional<Trouble> Connection::end_of_copy() {
  Outcome ended = results();
  return ended.ok() ? std::nullopt : std::optional(std::move(ended.trouble));
}

std::optional<Trouble> Connection::copy_out(CopiedRows& rows, size_t rows_max) {
  for (size_t taken = 0; taken < rows_max;) {
    char* row = nullptr;
    const int length = PQgetCopyData(handle_.get(), &row, 1);
    if (length > 0) {
      rows.bytes.append(row, static_cast<size_t>(length));
      rows.ends.push_back(rows.bytes.size());
      PQfreemem(row);
      ++taken;
    } else if (length == 0) {
      if (!wait(false)) return lost(cancelled_ ? "cancelled" : "the server sent nothing in time").trouble;
      if (PQconsumeInput(handle_.get()) == 0) return lost("the connection was lost").trouble;
    } else {
      return end_of_copy();
    }
  }
  return std::nullopt;
}

Outcome Connection::copy_in(const std::string& sql, std::string_view data) {
  Outcome begun = run(sql);
  if (!begun.ok()) return begun;
  constexpr size_t kPart = 256 << 10;
  while (!data.empty()) {
    const std::string_view part = data.substr(0, kPart);
    const int put = PQputCopyData(handle_.get(), part.data(), static_cast<int>(part.size()));
    if (put < 0) break;  // the server said already what is wrong
    if (put == 0) {
      if (!wait(true) || PQconsumeInput(handle_.get()) == 0) return lost("the rows were not taken in time");
      continue;
    }
    data.remove_prefix(part.size());
  }
  for (;;) {
    const int ended = PQputCopyEnd(handle_.get(), nullptr);
    if (ended != 0) break;
    if (!wait(true) || PQconsumeInput(handle_.get()) == 0) return lost("the rows were not taken in time");
  }
  if (!flush()) return lost("the rows were not taken");
  return results();
}

}  // namespace penstock::postgres
