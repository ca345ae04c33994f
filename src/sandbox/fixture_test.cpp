#include "sandbox/fixture_test.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <map>

#include "sandbox/json_text.h"

namespace penstock::sandbox {
namespace {

namespace json = simdjson::dom;

void append_canonical(std::string& out, json::element element) {
  Commas commas;
  if (element.is_object()) {
    std::map<std::string_view, json::element> members;
    for (const auto& [name, value] : json::object(element)) members.emplace(name, value);
    out += "{";
    for (const auto& [name, value] : members) {
      commas.before_item(out);
      append_json_string(out, name);
      out += ":";
      append_canonical(out, value);
    }
    out += "}\n";
  } else if (element.is_array()) {
    out += "[";
    for (const json::element item : json::array(element)) {
      commas.before_item(out);
      append_canonical(out, item);
    }
    out += "]";
  } else {
    out += simdjson::minify(element);
  }
}

}  // namespace

std::string canonical(std::string_view text) {
  json::parser parser;
  json::element document;
  const bool readable = parser.parse(text.data(), text.size()).get(document) == simdjson::SUCCESS;
  EXPECT_TRUE(readable) << "not JSON: " << text;
  std::string out;
  if (readable) append_canonical(out, document);
  return out;
}

std::string at(std::string_view text, std::string_view pointer) {
  json::parser parser;
  json::element document;
  json::element found;
  if (parser.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS) return {};
  if (document.at_pointer(pointer).get(found) != simdjson::SUCCESS) return {};
  std::string_view string;
  if (found.get(string) == simdjson::SUCCESS) return std::string(string);
  return simdjson::minify(found);
}

SandboxOptions TestSandbox::no_limits() {
  SandboxOptions options;
  options.limit = RateLimit{};
  return options;
}

TestSandbox::TestSandbox(SandboxOptions options) {
  auto made = Engine::make(options, clock);
  EXPECT_TRUE(made.ok()) << made.error().message;
  engine_ = *std::move(made);
}

ServerReply TestSandbox::send(std::string method, std::string path_and_query, std::string body) {
  ServerRequest request;
  const size_t question = path_and_query.find('?');
  request.method = std::move(method);
  request.path = path_and_query.substr(0, question);
  if (question != std::string::npos) request.query = path_and_query.substr(question + 1);
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  return engine_->handle(request);
}

ServerReply TestSandbox::batch(std::string_view operation, std::string body) {
  return post(fmt::format("/crm/v3/objects/contacts/batch/{}", operation), std::move(body));
}

std::string TestSandbox::records(std::string_view object) {
  std::string lines = get(fmt::format("/_sandbox/records/{}", object)).body;
  if (!lines.empty()) lines.pop_back();
  for (char& c : lines) {
    if (c == '\n') c = ',';  // inside of a JSON text a line break is always escaped
  }
  return "[" + lines + "]";
}

}  // namespace penstock::sandbox
