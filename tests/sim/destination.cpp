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
    : object_(std::move(object)) {
  auto engine = sandbox::Engine::make(options_of(requests_per_10s, seed), clock_);
  check(engine.ok(), "the sandbox stands");
  engine_ = *std::move(engine);
}

ServerReply Destination::handle(const std::string& method, const std::string& target, std::string body,
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
