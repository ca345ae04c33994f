#include "store/mysql/connection.h"

#include <errmsg.h>
#include <mysqld_error.h>

#include <algorithm>
#include <charconv>

#include "store/address.h"

namespace penstock::mysql {
namespace {

bool is_of_client(unsigned code) {
  return code >= CR_MIN_ERROR && code <= CR_MAX_ERROR;
}

}  // namespace

Connection::Connection(const Headers& headers)
    : url_(*find_header(headers, "Connection")), handle_(nullptr, &mysql_close) {
  if (const auto* password = find_header(headers, "Password")) password_ = *password;
  if (const auto* encryption = find_header(headers, "Encryption")) encryption_ = *encryption;
}

std::optional<Trouble> Connection::open(unsigned connect_seconds, unsigned answer_seconds) {
  const auto address = parse_address(url_, 3306);
  if (!address.ok())
    return Trouble{.code = 0, .sqlstate = "", .message = address.error().message, .lost = true};
  handle_.reset(mysql_init(nullptr));
  MYSQL* handle = handle_.get();
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &answer_seconds);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &answer_seconds);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const my_bool on = 1, off = 0;
  const bool is_far = !is_loopback(address->host);
  const bool encrypted =
      encryption_ == "required" || encryption_ == "verified" || (encryption_ != "off" && is_far);
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, encrypted ? &on : &off);
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT,
                encrypted && encryption_ != "required" ? &on : &off);
  const std::string& password = password_.empty() ? address->password : password_;
  if (mysql_real_connect(handle, address->host.c_str(), address->user.c_str(), password.c_str(),
                         address->rest.empty() ? nullptr : address->rest.c_str(), address->port, nullptr,
                         CLIENT_FOUND_ROWS) == nullptr) {
    Trouble found = trouble();
    close();
    return found;
  }
  // Values that do not fit are refused, not bent; times are UTC.
  Outcome outcome =
      run("set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
          "autocommit = 1");
  if (outcome.ok()) outcome = run("select @@max_allowed_packet");
  if (!outcome.ok()) return outcome.trouble;
  size_t bytes = 0;
  if (!outcome.rows.empty() && outcome.rows[0][0])
    std::from_chars(outcome.rows[0][0]->data(), outcome.rows[0][0]->data() + outcome.rows[0][0]->size(),
                    bytes);
  statement_bytes_max_ = std::clamp<size_t>(bytes / 4 * 3, 64 << 10, 4 << 20);
  return std::nullopt;
}

Trouble Connection::trouble() {
  Trouble found{.code = mysql_errno(handle_.get()),
                .sqlstate = mysql_sqlstate(handle_.get()),
                .message = mysql_error(handle_.get())};
  found.lost =
      is_of_client(found.code) || found.code == ER_SERVER_SHUTDOWN || found.code == ER_CONNECTION_KILLED;
  if (found.message.empty()) found.message = "the connection was lost";
  return found;
}

Outcome Connection::run(const std::string& sql) {
  Outcome outcome;
  if (mysql_real_query(handle_.get(), sql.data(), sql.size()) == 0) {
    const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result(mysql_store_result(handle_.get()),
                                                                          &mysql_free_result);
    if (result) {
      const unsigned columns = mysql_num_fields(result.get());
      while (MYSQL_ROW row = mysql_fetch_row(result.get())) {
        const unsigned long* lengths = mysql_fetch_lengths(result.get());
        Texts& texts = outcome.rows.emplace_back(columns);
        for (unsigned i = 0; i < columns; ++i)
          if (row[i] != nullptr) texts[i].emplace(row[i], lengths[i]);
      }
      return outcome;
    }
    if (mysql_errno(handle_.get()) == 0) return outcome;
  }
  outcome.trouble = trouble();
  if (outcome.trouble->lost) close();
  return outcome;
}

void Connection::append_quoted(std::string& out, std::string_view text) {
  const size_t at = out.size();
  out.resize(at + text.size() * 2 + 3);
  out[at] = '\'';
  const unsigned long length =
      mysql_real_escape_string(handle_.get(), out.data() + at + 1, text.data(), text.size());
  out[at + 1 + length] = '\'';
  out.resize(at + length + 2);
}

}  // namespace penstock::mysql
