#include "sim/destination.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace penstock::sim {
namespace {

constexpr const char* kOthersToken = "others";

SandboxOptions options_of(uint64_t requests_per_10s, uint64_t seed) {
  SandboxOptions options;
  options.limit = sandbox::RateLimit{static_cast<uint32_t>(requests_per_10s), 10s};
  options.seed = seed;
  return options;
}

Record record_of(simdjson::dom::element line) {
  Record record;
  record.id = std::string_view(line["id"]);
  record.archived = line["archived"].get_bool().value();
  for (const auto [name, value] : line["properties"].get_object().value())
    if (std::string_view text; value.get(text) == simdjson::SUCCESS)
      record.fields.emplace(std::string(name), std::string(text));
  return record;
}

}  // namespace

Destination::Destination(std::string object, uint64_t requests_per_10s, uint64_t seed)
    : object_(std::move(object)), random_(seed) {
  auto engine = sandbox::Engine::make(options_of(requests_per_10s, seed), clock_);
  check(engine.ok(), "the sandbox stands");
  engine_ = *std::move(engine);
}

void Destination::end_tokens() {
  std::erase_if(tokens_, [&](const Token& token) {
    if (clock_.instant() < token.until) return false;
    (void)ask("POST", "/_sandbox/token", fmt::format(R"({{"token":"{}","state":"expired"}})", token.text),
              kOthersToken);
    return true;
  });
}

void Destination::note_token(ServerReply& reply) {
  simdjson::dom::parser parser;
  std::string_view text;
  if (reply.status != 200 || parser.parse(reply.body)["access_token"].get(text) != simdjson::SUCCESS) return;
  const uint64_t seconds = 2 + random_.below(uint64_t{4} << random_.below(8));
  tokens_.push_back({std::string(text), clock_.instant() + Duration(seconds * 1'000'000)});
  constexpr std::string_view kSaid = "\"expires_in\":";
  const size_t at = reply.body.find(kSaid) + kSaid.size();
  if (random_.chance(0.5)) reply.body.replace(at, reply.body.find('}', at) - at, std::to_string(seconds));
}

ServerReply Destination::handle(const std::string& method, const std::string& target, std::string body,
                                const std::string& token) {
  end_tokens();
  ServerReply reply = ask(method, target, std::move(body), token);
  if (tokens_expire_ && is_of_login(target)) note_token(reply);
  return reply;
}

ServerReply Destination::ask(const std::string& method, const std::string& target, std::string body,
                             const std::string& token) {
  ServerRequest request;
  request.method = method;
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != target.npos) request.query = target.substr(question + 1);
  request.headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}};
  request.body = std::move(body);
  return engine_->handle(request);
}

std::vector<Record> Destination::records(const std::string& object) {
  const ServerReply reply = handle("GET", "/_sandbox/records/" + object + "?archived=true", "", kOthersToken);
  check(reply.status == 200, "the sandbox lists its records");
  std::vector<Record> records;
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines = parser.parse_many(reply.body);
  for (simdjson::dom::element line : lines) records.push_back(record_of(line));
  return records;
}

std::string Destination::create(const std::string& fields) {
  const ServerReply reply = handle("POST", "/crm/v3/objects/" + object_,
                                   fmt::format("{{\"properties\":{}}}", fields), kOthersToken);
  if (reply.status != 201) return "";
  simdjson::dom::parser parser;
  return std::string(std::string_view(parser.parse(reply.body)["id"]));
}

void Destination::update(const std::string& id, const std::string& fields) {
  (void)handle("PATCH", "/crm/v3/objects/" + object_ + "/" + id, fmt::format("{{\"properties\":{}}}", fields),
               kOthersToken);
}

void Destination::archive(const std::string& id) {
  (void)handle("DELETE", "/crm/v3/objects/" + object_ + "/" + id, "", kOthersToken);
}

}  // namespace penstock::sim
