#include "server/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "declare/nearest.h"
#include "server/site.h"

namespace penstock::server {
namespace {

using declare::JsonWriter;

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::config:
      return 400;
    case ErrorKind::auth:
      return 401;
    case ErrorKind::permission:
      return 403;
    case ErrorKind::locked:
      return 409;
    case ErrorKind::rejected:
      return 422;
    case ErrorKind::rate_limited:
    case ErrorKind::quota:
      return 429;
    case ErrorKind::source:
    case ErrorKind::transient:
      return 502;
    case ErrorKind::disk:
    case ErrorKind::interrupted:
      return 503;
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

}  // namespace

uint64_t Call::limit(uint64_t usual, uint64_t most) const {
  const std::string given = text("limit");
  uint64_t limit = 0;
  const auto [end, problem] = std::from_chars(given.data(), given.data() + given.size(), limit);
  if (given.empty() || problem != std::errc() || end != given.data() + given.size() || limit == 0)
    return usual;
  return std::min(limit, most);
}

void note(const Call& call, std::string action, std::string target, std::string result) {
  // A log that cannot be written holds up nothing that has been done.
  (void)call.site.access.note({.who = call.who.shown(),
                               .action = std::move(action),
                               .target = std::move(target),
                               .result = std::move(result),
                               .address = call.request.address});
}

ServerReply json_reply(std::string json, int status) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(json)};
}

ServerReply json_reply(const JsonWriter& json, int status) {
  return json_reply(json.str(), status);
}

ServerReply no_content() {
  return {.status = 204};
}

std::string diagnostics_json(const declare::Diagnostics& diagnostics) {
  JsonWriter json;
  json.begin_array();
  for (const auto& one : diagnostics.sorted()) json.raw(declare::as_json(one));
  return json.end_array().str();
}

ServerReply problem(int status, std::string_view kind, std::string_view title, std::string_view remedy,
                    const declare::Diagnostics* diagnostics) {
  JsonWriter json;
  json.begin_object().key("type").text(kind).key("title").text(title).key("status").integer(status);
  json.text_if("remedy", remedy);
  if (diagnostics != nullptr) json.key("diagnostics").raw(diagnostics_json(*diagnostics));
  json.end_object();
  ServerReply reply{.status = status, .headers = {{"Content-Type", "application/problem+json"}}};
  reply.body = json.str();
  return reply;
}

ServerReply problem(const Error& error, const declare::Diagnostics* diagnostics) {
  return problem(status_of(error.kind), penstock::name_of(error.kind), error.message, error.remedy,
                 diagnostics);
}

ServerReply not_found(std::string_view what, const std::string& name, const std::vector<std::string>& names) {
  return problem(404, "not_found", fmt::format("there is no {} '{}'", what, name),
                 declare::did_you_mean(name, names));
}

}  // namespace penstock::server
