// JSON-RPC 2.0, as far as the protocol uses it: messages in, replies out.
#pragma once

#include <simdjson.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace penstock::mcp {

// What is wrong with a message, or why a request cannot be answered. Codes of JSON-RPC, and of the protocol.
struct Fault {
  static constexpr int kParse = -32700, kInvalidRequest = -32600, kMethodNotFound = -32601,
                       kInvalidParams = -32602, kInternal = -32603, kResourceNotFound = -32002;
  int code = kInternal;
  std::string message;
  std::string id = "null";  // of the request, as JSON, where it is known
};

// A request, a notification (without id) or a reply (without method).
class Message {
 public:
  // Takes one message; never a batch.
  static std::variant<Message, Fault> parse(std::string_view text);

  const std::string& id() const { return id_; }  // as JSON; empty: none, and nothing is to be answered
  const std::string& method() const { return method_; }  // empty: a reply
  // A member of `params`; nullopt where there is none, or where it is of another type.
  std::optional<std::string> text(std::string_view name) const;
  std::optional<simdjson::dom::object> object(std::string_view name) const;
  // A text or a number as JSON.
  std::optional<std::string> token(std::string_view name) const;

 private:
  std::optional<simdjson::dom::element> find(std::string_view name) const;
  std::string id_, method_;
  std::unique_ptr<simdjson::dom::parser> parser_;  // holds what params_ refers to, and does not move
  std::optional<simdjson::dom::object> params_;
};

// A text or a number as JSON; nullopt for anything else.
std::optional<std::string> token_of(simdjson::dom::element element);

// The messages of a batch (2025-03-26 only), each as JSON; nullopt: it is not one.
std::optional<std::vector<std::string>> batch_of(std::string_view text);

// `result`: a JSON object.
std::string reply(const std::string& id, std::string_view result);
std::string reply(const Fault& fault);
std::string notification(std::string_view method, std::string_view params);

}  // namespace penstock::mcp
