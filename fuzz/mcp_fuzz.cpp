// Messages of agents: whatever comes, it is a message with parts that can be asked for, or a fault; and every
// answer is JSON.
#include <cstdint>
#include <string>
#include <string_view>

#include "mcp/rpc.h"
#include "mcp/tools.h"

namespace penstock::mcp {
namespace {

void check_json(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  check(parser.parse(text.data(), text.size()).get(object) == simdjson::SUCCESS, "an answer is JSON");
}

void try_arguments(const Message& message) {
  for (const auto& tool : tools()) {
    const auto arguments = Arguments::read(tool.parameters, message.object("arguments"));
    if (!arguments.ok()) {
      check(!arguments.error().message.empty(), "what is refused has a reason");
      continue;
    }
    for (const auto& parameter : tool.parameters) {
      if (parameter.required) check(arguments->has(parameter.name), "what is required is there");
      if (parameter.kind == Kind::text) (void)arguments->text(parameter.name);
      if (parameter.kind == Kind::words) (void)arguments->words(parameter.name);
      if (parameter.kind == Kind::flag) (void)arguments->flag(parameter.name);
      if (parameter.kind == Kind::integer && arguments->has(parameter.name)) {
        const auto value = static_cast<int64_t>(arguments->integer(parameter.name));
        check(value >= parameter.least && value <= parameter.most, "a number is in its bounds");
      }
    }
  }
}

void try_message(std::string_view text) {
  const auto parsed = Message::parse(text);
  if (const auto* fault = std::get_if<Fault>(&parsed)) return check_json(reply(*fault));
  const Message& message = std::get<Message>(parsed);
  if (!message.id().empty()) check_json(reply(message.id(), "{}"));
  for (const char* name : {"name", "uri", "protocolVersion", "requestId"}) {
    if (const auto value = message.text(name)) check_json(reply(Fault{Fault::kInternal, *value}));
    (void)message.token(name);
  }
  try_arguments(message);
}

}  // namespace
}  // namespace penstock::mcp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto batch = penstock::mcp::batch_of(text))
    for (const auto& one : *batch) penstock::mcp::try_message(one);
  penstock::mcp::try_message(text);
  return 0;
}
