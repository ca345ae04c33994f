#include "sandbox/admin.h"

#include <simdjson.h>

#include "sandbox/json_text.h"

namespace penstock::sandbox {
namespace {

constexpr std::string_view kPrefix = "/_sandbox/";

ServerReply mistake(int status, std::string_view message) {
  ServerReply reply = reply_of(status, "{\"error\":");
  append_json_string(reply.body, message);
  reply.body += "}\n";
  return reply;
}

ServerReply json_lines() {
  ServerReply reply;
  reply.headers.emplace_back("Content-Type", "application/x-ndjson");
  return reply;
}

ServerReply done() {
  return reply_of(200, "{}\n");
}

ServerReply mistake(const Error& error) {
  return mistake(400, error.remedy.empty() ? error.message : error.message + ". " + error.remedy);
}

ServerReply list_records(const ServerRequest& request, std::string_view object, Vendor& vendor) {
  ServerReply reply = json_lines();
  vendor.append_records(object, request.parameter("archived") == "true", reply.body);
  return reply;
}

ServerReply list_history(std::string_view object, const State& state, const Vendor& vendor) {
  if (!state.history.kept()) return mistake(400, "no history is kept: start the sandbox with --history");
  ServerReply reply = json_lines();
  state.history.append_lines(vendor.table_name(object), reply.body);
  return reply;
}

ServerReply show_stats(const State& state, Vendor& vendor) {
  ServerReply reply;
  reply.body = "{";
  state.stats.append_members(reply.body);
  reply.body += ",\"records\":{";
  vendor.append_counts(reply.body);
  reply.body += "}}\n";
  return reply;
}

ServerReply add_fault(const ServerRequest& request, State& state) {
  auto fault = parse_fault(request.body);
  if (!fault.ok()) return mistake(fault.error());
  state.faults.add(*std::move(fault));
  return done();
}

std::optional<TokenState> parse_token_state(std::string_view name) {
  if (name == "valid") return TokenState::valid;
  if (name == "revoked") return TokenState::revoked;
  if (name == "expired") return TokenState::expired;
  return std::nullopt;
}

ServerReply set_token(const ServerRequest& request, State& state) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view token;
  std::string_view name;
  const bool readable = parser.parse(request.body).get(document) == simdjson::SUCCESS &&
                        document["token"].get(token) == simdjson::SUCCESS &&
                        document["state"].get(name) == simdjson::SUCCESS;
  const auto token_state = readable ? parse_token_state(name) : std::nullopt;
  if (!token_state) return mistake(400, R"(token: send {"token":"...","state":"valid|revoked|expired"})");
  state.tokens.insert_or_assign(std::string(token), *token_state);
  return done();
}

}  // namespace

bool is_admin(const ServerRequest& request) {
  return request.path.starts_with(kPrefix);
}

bool is_reset(const ServerRequest& request) {
  return request.method == "POST" && request.path == "/_sandbox/reset";
}

ServerReply answer_admin(const ServerRequest& request, State& state, Vendor& vendor) {
  const std::string_view path = std::string_view(request.path).substr(kPrefix.size());
  const size_t slash = path.find('/');
  const std::string_view word = path.substr(0, slash);
  const std::string object = slash == std::string_view::npos ? "" : percent_decode(path.substr(slash + 1));
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (get && word == "records" && !object.empty()) return list_records(request, object, vendor);
  if (get && word == "history" && !object.empty()) return list_history(object, state, vendor);
  if (get && path == "stats") return show_stats(state, vendor);
  if (post && path == "fault") return add_fault(request, state);
  if (post && path == "token") return set_token(request, state);
  return mistake(404,
                 "there is no such path or method: use GET records/OBJECT, history/OBJECT or stats, or POST "
                 "fault, token or reset, under /_sandbox/");
}

}  // namespace penstock::sandbox
