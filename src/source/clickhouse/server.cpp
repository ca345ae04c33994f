#include "source/clickhouse/server.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <map>
#include <random>

namespace penstock::clickhouse {
namespace {

constexpr Duration kConnectTime = 10s;
// The server ends a query in time; this is for a server that does not.
constexpr Duration kGraceTime = 60s;
constexpr size_t kSmallReplyMax = 64UL << 20;

// Without these a result may be a part of the whole, and nothing says so: rows that are left out would be
// taken for removed ones. Source: clickhouse.com/docs/operations/settings (2026-11).
constexpr std::pair<std::string_view, std::string_view> kWhole[] = {
    {"timeout_overflow_mode", "throw"},
    {"timeout_overflow_mode_leaf", "throw"},
    {"read_overflow_mode", "throw"},
    {"read_overflow_mode_leaf", "throw"},
    {"result_overflow_mode", "throw"},
    {"group_by_overflow_mode", "throw"},
    {"sort_overflow_mode", "throw"},
    {"distinct_overflow_mode", "throw"},
    {"set_overflow_mode", "throw"},
    {"join_overflow_mode", "throw"},
    {"skip_unavailable_shards", "0"},
    {"limit", "0"},
    {"offset", "0"},
};
// A query whose reader has gone is of no use.
constexpr std::string_view kEndWithReader = "cancel_http_readonly_queries_on_client_close";

std::string new_query_id() {
  std::random_device device;
  return fmt::format("penstock-{:08x}{:08x}{:08x}", device(), device(), device());
}

std::string query_of_names() {
  std::string names = "'readonly', 'max_execution_time', 'enable_http_compression'";
  for (const auto& [name, value] : kWhole) names += fmt::format(", '{}'", name);
  return fmt::format("SELECT name, value FROM system.settings WHERE name IN ({}, '{}')", names,
                     kEndWithReader);
}

using Known = std::map<std::string, std::string, std::less<>>;

// What is set must be named only where the server knows it, and where it is not so already: a profile may
// forbid that it is set.
std::string parameters_for(const Known& known, const Terms& terms) {
  std::string out;
  const auto set = [&](std::string_view name, std::string_view value) {
    if (const auto it = known.find(name); it != known.end() && it->second != value)
      out += fmt::format("&{}={}", name, value);
  };
  set("readonly", "2");
  for (const auto& [name, value] : kWhole) set(name, value);
  set(kEndWithReader, "1");
  if (terms.compressed) set("enable_http_compression", "1");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(terms.time_max).count();
  const auto own = known.find("max_execution_time");
  const double own_seconds = own == known.end() ? 0 : std::strtod(own->second.c_str(), nullptr);
  if (own_seconds == 0 || own_seconds > static_cast<double>(seconds))
    set("max_execution_time", std::to_string(seconds));
  return out;
}

// A user with readonly = 1 may set nothing: then all must be well as it is.
Result<void> check_whole(const Known& known) {
  for (const auto& [name, value] : kWhole)
    if (const auto it = known.find(name); it != known.end() && it->second != value)
      return Error{ErrorKind::source,
                   fmt::format("the user's profile sets {} = {}, so rows may be missing without a word", name,
                               it->second),
                   fmt::format("set {} = {} in the profile, or readonly = 2 in place of 1", name, value)};
  return success();
}

Error of_transport(Error error) {
  if (error.kind == ErrorKind::transient || error.kind == ErrorKind::rejected) error.kind = ErrorKind::source;
  if (error.kind == ErrorKind::interrupted) error.message = "the source's query was interrupted";
  return error;
}

Result<std::vector<std::vector<std::string>>> read_rows(std::string json) {
  simdjson::dom::parser parser;
  simdjson::dom::array rows;
  const Error bad{ErrorKind::source, "the server's reply is not the JSON that was asked for",
                  "check that `url` names ClickHouse's HTTP port"};
  if (parser.parse(json).get_object().at_key("data").get_array().get(rows) != simdjson::SUCCESS) return bad;
  std::vector<std::vector<std::string>> all;
  for (const auto row : rows) {
    simdjson::dom::array values;
    if (row.get_array().get(values) != simdjson::SUCCESS) return bad;
    auto& texts = all.emplace_back();
    for (const auto value : values) {
      std::string_view text;
      texts.emplace_back(value.get_string().get(text) == simdjson::SUCCESS ? std::string(text)
                                                                           : simdjson::minify(value));
    }
  }
  return all;
}

}  // namespace

Result<std::shared_ptr<Server>> Server::open(Login login, const Terms& terms) {
  std::shared_ptr<Server> server(new Server(std::move(login), terms));
  if (auto found = server->find_settings(); !found.ok()) return found.error();
  return server;
}

Result<void> Server::find_settings() {
  auto found = rows(query_of_names(), 0);
  if (!found.ok()) {
    Error error = found.error();
    if (error.kind == ErrorKind::config) error.kind = ErrorKind::source;  // no model's fault
    return error;
  }
  Known known;
  for (const auto& row : *found)
    if (row.size() == 2) known[row[0]] = row[1];
  if (const auto it = known.find("readonly"); it != known.end() && it->second == "1")
    return check_whole(known);
  parameters_ = parameters_for(known, terms_);
  return success();
}

HttpRequest Server::request(const std::string& sql, const std::string& parameters) const {
  HttpRequest request;
  request.method = "POST";
  request.url = login_.url + "/?" + parameters;
  if (!login_.database.empty()) request.url += "&database=" + percent_encode(login_.database);
  request.headers = {{"X-ClickHouse-User", login_.user}, {"X-ClickHouse-Key", login_.password}};
  request.body = sql;
  request.timeouts.connect = kConnectTime;
  request.timeouts.total = terms_.time_max + kGraceTime;
  return request;
}

Result<Server::Answer> Server::ask(const std::string& sql, int lines) {
  Answer answer;
  answer.query_id = new_query_id();
  auto stream = HttpStream::post(request(sql, "query_id=" + answer.query_id + parameters_),
                                 {login_.ca_file, terms_.compressed, cancelled_});
  if (!stream.ok()) {
    if (is_cancelled()) end_query(answer.query_id);
    return of_transport(stream.error());
  }
  if ((*stream)->status() != 200) return refused(**stream, lines);
  answer.stream = *std::move(stream);
  return answer;
}

Result<void> Server::write(const std::string& sql, std::string data) {
  HttpRequest statement = request(sql, "insert_distributed_sync=1");
  if (!data.empty()) {
    statement.url += "&query=" + percent_encode(sql);
    statement.body = std::move(data);
  }
  auto stream = HttpStream::post(std::move(statement), {login_.ca_file, false, cancelled_});
  if (!stream.ok()) return of_transport(stream.error());
  if ((*stream)->status() != 200) return refused(**stream, 0);
  std::string reply;
  for (;;) {
    const auto more = (*stream)->read(reply);
    if (!more.ok()) return of_transport(more.error());
    if (!*more) return success();
  }
}

Error Server::refused(HttpStream& stream, int lines) const {
  std::string reply;
  for (;;) {
    const auto more = stream.read(reply);
    if (!more.ok() || !*more || reply.size() > kSmallReplyMax) break;
  }
  if (const auto exception = find_exception(reply)) return as_error(*exception, lines);
  return {ErrorKind::source,
          fmt::format("the server answers with status {}, and with nothing that ClickHouse would say",
                      stream.status()),
          "check that `url` names ClickHouse's HTTP port (8123, or 8443 with https)"};
}

Error Server::broken(std::string_view reply, const Error* transport, int lines) const {
  if (is_cancelled()) return {ErrorKind::interrupted, "the source's query was interrupted", ""};
  if (const auto exception = find_exception(reply)) return as_error(*exception, lines);
  if (transport != nullptr) return of_transport(*transport);
  return {ErrorKind::source, "the server sent data that are not of the Native format", ""};
}

Result<std::vector<std::vector<std::string>>> Server::rows(const std::string& sql, int lines) {
  auto answer = ask(sql + " FORMAT JSONCompact", lines);
  if (!answer.ok()) return answer.error();
  std::string reply;
  for (;;) {
    const auto more = answer->stream->read(reply);
    if (!more.ok()) return broken(reply, &more.error(), lines);
    if (!*more) break;
    if (reply.size() > kSmallReplyMax)
      return Error{ErrorKind::source, "the server's reply is larger than was expected", ""};
  }
  auto all = read_rows(reply);
  // What went wrong after the reply had begun stands behind it.
  if (!all.ok())
    if (const auto exception = find_exception(reply)) return as_error(*exception, lines);
  return all;
}

void Server::end_query(const std::string& query_id) const {
  HttpRequest kill = request(fmt::format("KILL QUERY WHERE query_id = '{}' ASYNC", query_id), "");
  kill.timeouts = {.connect = 5s, .total = 10s};
  auto stream = HttpStream::post(std::move(kill), {.ca_file = login_.ca_file});
  // Until it has answered.
  std::string reply;
  for (bool more = stream.ok(); more;) {
    const auto read = (*stream)->read(reply);
    more = read.ok() && *read && reply.size() < kSmallReplyMax;
  }
}

}  // namespace penstock::clickhouse
