#include "database/mysql.h"

#include <errmsg.h>
#include <mysqld_error.h>

#include <algorithm>
#include <charconv>

#include "database/address.h"
#include "net/address_guard.h"

namespace penstock::mysql {
namespace {

bool is_of_client(unsigned code) {
  return code >= CR_MIN_ERROR && code <= CR_MAX_ERROR;
}

}  // namespace

std::string quoted_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + '`';
}

std::string quoted_table(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == name.npos) return quoted_name(name);
  return quoted_name(name.substr(0, dot)) + "." + quoted_name(name.substr(dot + 1));
}

std::optional<Trouble> Connection::open(unsigned connect_seconds, unsigned answer_seconds) {
  const auto address = parse_address(login_.url, 3306);
  if (!address.ok())
    return Trouble{.code = 0, .sqlstate = "", .message = address.error().message, .lost = true};
  if (auto may = check_before_connecting(policy_for_text(login_.url), address->host); !may.ok())
    return Trouble{.code = 0, .sqlstate = "", .message = may.error().message, .lost = true};
  handle_.reset(mysql_init(nullptr));
  MYSQL* handle = handle_.get();
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &answer_seconds);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &answer_seconds);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const my_bool on = 1, off = 0;
  const bool is_far = !is_on_this_machine(address->host);
  const bool encrypted = login_.encryption == "required" || login_.encryption == "verified" ||
                         (login_.encryption != "off" && is_far);
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, encrypted ? &on : &off);
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT,
                encrypted && login_.encryption != "required" ? &on : &off);
  const std::string& password = login_.password.empty() ? address->password : login_.password;
  if (mysql_real_connect(handle, address->host.c_str(), address->user.c_str(), password.c_str(),
                         address->rest.empty() ? nullptr : address->rest.c_str(), address->port, nullptr,
                         login_.flags) == nullptr) {
    Trouble found = trouble();
    close();
    return found;
  }
  // The library goes on in clear with a server that knows no TLS, unless its certificate is to be verified.
  if (encrypted && mysql_get_ssl_cipher(handle) == nullptr) {
    close();
    return Trouble{.code = CR_SSL_CONNECTION_ERROR,
                   .sqlstate = "",
                   .message = "the server does not offer an encrypted connection",
                   .lost = true};
  }
  Outcome outcome = run(login_.session);
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

std::optional<Trouble> Connection::begin(const std::string& sql, std::vector<Field>& fields) {
  fields.clear();
  if (mysql_real_query(handle_.get(), sql.data(), sql.size()) == 0)
    result_.reset(mysql_use_result(handle_.get()));
  if (!result_) {
    Trouble failed = trouble();
    if (failed.lost) close();
    return failed;
  }
  for (unsigned i = 0; i < mysql_num_fields(result_.get()); ++i) {
    const MYSQL_FIELD* field = mysql_fetch_field_direct(result_.get(), i);
    MARIADB_CONST_STRING format{};
    const bool is_formatted = mariadb_field_attr(&format, field, MARIADB_FIELD_ATTR_FORMAT_NAME) == 0;
    constexpr unsigned kBinaryCharset = 63;
    fields.push_back({.name = std::string(field->name, field->name_length),
                      .type = field->type,
                      .flags = field->flags,
                      .decimals = field->decimals,
                      .length = field->length,
                      .binary = field->charsetnr == kBinaryCharset,
                      .json = is_formatted && std::string_view(format.str, format.length) == "json"});
  }
  return std::nullopt;
}

MYSQL_ROW Connection::next(const unsigned long** lengths, std::optional<Trouble>& failed) {
  if (!result_) return nullptr;
  MYSQL_ROW row = mysql_fetch_row(result_.get());
  if (row != nullptr) {
    *lengths = mysql_fetch_lengths(result_.get());
    return row;
  }
  if (mysql_errno(handle_.get()) != 0) {
    failed = trouble();
    result_.reset();
    if (failed->lost) close();
    return nullptr;
  }
  result_.reset();
  return nullptr;
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
