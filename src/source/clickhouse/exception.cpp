#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "source/clickhouse/server.h"

namespace penstock::clickhouse {
namespace {

// src/Common/ErrorCodes.cpp of ClickHouse, 2026-11. Numbers are never given to another error.
enum Code : int {
  kDuplicateColumn = 15,
  kIllegalType = 43,
  kUnknownTable = 60,
  kSyntax = 62,
  kUnknownDatabase = 81,
  kTimeout = 159,
  kTooSlow = 160,
  kReadonly = 164,
  kUnknownUser = 192,
  kWrongPassword = 193,
  kRequiredPassword = 194,
  kAddressNotAllowed = 195,
  kMemoryLimit = 241,
  kDatabaseDenied = 291,
  kCancelled = 394,
  kNotEnoughPrivileges = 497,
  kAuthenticationFailed = 516,
};

// That the statement itself is at fault: names, types, what there is not.
constexpr int kOfTheStatement[] = {6,   8,   10,  15,  16,  20,  27,  35,  36,  41,  42,  43,  44,  46,
                                   47,  48,  50,  51,  53,  57,  60,  62,  63,  69,  70,  72,  115, 130,
                                   179, 182, 184, 190, 206, 207, 215, 352, 386, 403, 456, 690, 691};

bool is_one_of(int code, std::initializer_list<int> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

void cut_from(std::string& text, std::string_view mark) {
  if (const size_t at = text.rfind(mark); at != text.npos) text.erase(at);
}

// "(line 3, col 5)" of the statement is line 2 of the model's SQL.
void count_in_model(std::string& message, int lines) {
  constexpr std::string_view kLine = "(line ";
  const size_t at = message.find(kLine);
  if (at == message.npos) return;
  int line = 0;
  const char* begin = message.data() + at + kLine.size();
  const auto [end, code] = std::from_chars(begin, message.data() + message.size(), line);
  if (code != std::errc() || line <= lines) return;
  message.replace(at, static_cast<size_t>(end - message.data()) - at,
                  fmt::format("(line {} of the SQL", line - lines));
}

// "DB::Exception: " may stand there several times, for exceptions of other servers of a cluster.
std::string_view after_marks(std::string_view text) {
  constexpr std::string_view kMarks[] = {"DB::Exception: ", ", ", ". ", " "};
  for (bool again = true; again;) {
    again = false;
    for (const auto mark : kMarks)
      if (text.starts_with(mark)) text.remove_prefix(mark.size()), again = true;
  }
  return text;
}

// "... (UNKNOWN_IDENTIFIER)"
void cut_name(std::string& message) {
  const size_t at = message.rfind(" (");
  if (at == message.npos || !message.ends_with(')')) return;
  const std::string_view name = std::string_view(message).substr(at + 2, message.size() - at - 3);
  if (name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != name.npos) return;
  message.erase(at);
  while (message.ends_with('.')) message.pop_back();
}

std::optional<Exception> exception_at(std::string_view text) {
  Exception exception;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), exception.code);
  if (code != std::errc() || exception.code <= 0) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  // "Code: 47, e.displayText() = DB::Exception: ..." until 20, "Code: 47. DB::Exception: ..." since then.
  if (!text.starts_with(", ") && !text.starts_with(". ")) return std::nullopt;
  // Before 20, libraries' errors have a number of their own: "Code: 1000, e.code() = 111, e.displayText() =
  // ...".
  constexpr std::string_view kText = "e.displayText() = ";
  if (const size_t at = text.substr(0, 64).find(kText); at != text.npos)
    text.remove_prefix(at + kText.size());
  else if (text.substr(0, 64).find("Exception") == text.npos)
    return std::nullopt;
  exception.message = after_marks(text);
  cut_from(exception.message, ", e.what() =");
  cut_from(exception.message, " (version ");
  cut_from(exception.message, "\n__exception__");
  while (!exception.message.empty() &&
         std::string_view("\r\n. ").find(exception.message.back()) != std::string_view::npos)
    exception.message.pop_back();
  cut_name(exception.message);
  return exception;
}

}  // namespace

std::optional<Exception> find_exception(std::string_view reply) {
  constexpr std::string_view kMark = "Code: ";
  constexpr size_t kTailMax = 256UL * 1024;
  reply = reply.substr(reply.size() - std::min(reply.size(), kTailMax));
  for (size_t at = reply.find(kMark); at != reply.npos; at = reply.find(kMark, at + 1))
    if (auto exception = exception_at(reply.substr(at + kMark.size()))) return exception;
  return std::nullopt;
}

Error as_error(const Exception& exception, int lines) {
  const int code = exception.code;
  std::string message = exception.message;
  if (is_one_of(code,
                {kUnknownUser, kWrongPassword, kRequiredPassword, kAddressNotAllowed, kAuthenticationFailed}))
    return {ErrorKind::source, "the server refuses the login: " + message,
            "check `user` and `password`, and from where the user may come"};
  if (is_one_of(code, {kTimeout, kTooSlow}))
    return {ErrorKind::source, "the server gave up the query: " + message,
            "raise `max_execution_time` of the source, or make the query cheaper"};
  if (is_one_of(code, {kNotEnoughPrivileges, kDatabaseDenied}))
    return {ErrorKind::source, message, "grant the user SELECT on it"};
  if (code == kReadonly)
    return {ErrorKind::config, "a model only reads: " + message, "write one SELECT that changes nothing"};
  if (code == kUnknownDatabase)
    return {ErrorKind::config, message, "name an existing database in the model, or in `database`"};
  if (code == kMemoryLimit)
    return {ErrorKind::source, "the server has not enough memory for the query: " + message,
            "make the query cheaper, or raise max_memory_usage of the user"};
  if (code == kCancelled)
    return {ErrorKind::source, "the query was ended on the server: " + message, "run it again"};
  if (std::find(std::begin(kOfTheStatement), std::end(kOfTheStatement), code) != std::end(kOfTheStatement)) {
    count_in_model(message, lines);
    return {ErrorKind::config, message, ""};
  }
  return {ErrorKind::source, fmt::format("{} (code {})", message, code), ""};
}

}  // namespace penstock::clickhouse
