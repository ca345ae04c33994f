#include "mcp/rpc.h"

#include <fmt/format.h>

#include "declare/json.h"

namespace penstock::mcp {
namespace {

namespace dom = simdjson::dom;

std::optional<dom::element> member(dom::object of, std::string_view name) {
  dom::element found;
  if (of[name].get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

std::optional<std::string> text_of(dom::element from) {
  std::string_view text;
  if (from.get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

std::optional<dom::element> read_json(dom::parser& parser, std::string_view text) {
  dom::element read;
  if (parser.parse(text.data(), text.size()).get(read) != simdjson::SUCCESS) return std::nullopt;
  return read;
}

}  // namespace

std::optional<std::string> token_of(dom::element from) {
  if (from.is_string() || from.is_int64() || from.is_uint64() || from.is_double())
    return simdjson::minify(from);
  return std::nullopt;
}

std::variant<Message, Fault> Message::parse(std::string_view text) {
  Message message;
  message.parser_ = std::make_unique<dom::parser>();
  const auto read = read_json(*message.parser_, text);
  if (!read) return Fault{Fault::kParse, "the message is not JSON"};
  dom::object whole;
  if (read->get(whole) != simdjson::SUCCESS)
    return Fault{Fault::kInvalidRequest, "the message is not an object"};
  if (const auto id = member(whole, "id")) {
    const auto token = token_of(*id);
    if (!token) return Fault{Fault::kInvalidRequest, "`id` must be a text or a number"};
    message.id_ = *token;
  }
  const auto wrong = [&](std::string what) {
    return Fault{Fault::kInvalidRequest, std::move(what), message.id_.empty() ? "null" : message.id_};
  };
  const auto version = member(whole, "jsonrpc");
  if (!version || text_of(*version) != "2.0") return wrong("`jsonrpc` must be \"2.0\"");
  const auto method = member(whole, "method");
  if (method) {
    const auto name = text_of(*method);
    if (!name || name->empty()) return wrong("`method` must be a text");
    message.method_ = *name;
  } else if (!member(whole, "result") && !member(whole, "error")) {
    return wrong("`method` is missing");
  }
  if (const auto params = member(whole, "params")) {
    dom::object members;
    if (params->get(members) != simdjson::SUCCESS) return wrong("`params` must be an object");
    message.params_ = members;
  }
  return message;
}

std::optional<dom::element> Message::find(std::string_view name) const {
  return params_ ? member(*params_, name) : std::nullopt;
}

std::optional<std::string> Message::text(std::string_view name) const {
  const auto found = find(name);
  return found ? text_of(*found) : std::nullopt;
}

std::optional<dom::object> Message::object(std::string_view name) const {
  const auto found = find(name);
  dom::object members;
  if (!found || found->get(members) != simdjson::SUCCESS) return std::nullopt;
  return members;
}

std::optional<std::string> Message::token(std::string_view name) const {
  const auto found = find(name);
  return found ? token_of(*found) : std::nullopt;
}

std::optional<std::vector<std::string>> batch_of(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '[') return std::nullopt;
  dom::parser parser;
  const auto read = read_json(parser, text);
  dom::array items;
  if (!read || read->get(items) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::string> messages;
  for (const dom::element item : items) messages.push_back(simdjson::minify(item));
  return messages;
}

std::string reply(const std::string& id, std::string_view result) {
  declare::JsonWriter json;
  json.begin_object().key("jsonrpc").text("2.0").key("id").raw(id).key("result").raw(result);
  return json.end_object().str();
}

std::string reply(const Fault& fault) {
  declare::JsonWriter json;
  json.begin_object().key("jsonrpc").text("2.0").key("id").raw(fault.id).key("error").begin_object();
  json.key("code").integer(fault.code).key("message").text(fault.message);
  return json.end_object().end_object().str();
}

std::string notification(std::string_view method, std::string_view params) {
  declare::JsonWriter json;
  json.begin_object().key("jsonrpc").text("2.0").key("method").text(method).key("params").raw(params);
  return json.end_object().str();
}

}  // namespace penstock::mcp
