#include "mcp/mcp.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/json.h"
#include "declare/nearest.h"
#include "mcp/resources.h"
#include "mcp/rpc.h"
#include "mcp/tools.h"
#include "run/as_json.h"

namespace penstock::mcp {
namespace {

// Newest first.
constexpr std::string_view kVersions[] = {"2025-11-25", "2025-06-18", "2025-03-26"};
constexpr std::string_view kWithBatches = "2025-03-26";
constexpr size_t kBatchMax = 100;
// An agent has to read what it gets; a tool has bounds of its own far below this one.
constexpr size_t kAnswerBytesMax = 2 << 20;

constexpr std::string_view kInstructions =
    "Penstock carries rows of models (queries on a warehouse) to destinations (CRMs and other tools) and "
    "sends only what "
    "has changed. Syncs are YAML files: read penstock:///docs/projects and the schemas before you write one, "
    "edit the "
    "files, then call `validate`, `preview_model` and `plan`. `plan` sends nothing. To explain a row that "
    "was refused, "
    "use `log` and `trace`.";

std::string initialize(const McpParts& parts, Peer& peer, const Message& message) {
  const std::string asked = message.text("protocolVersion").value_or("");
  peer.version = is_spoken(asked) ? asked : std::string(kVersions[0]);
  declare::JsonWriter json;
  json.begin_object().key("protocolVersion").text(peer.version);
  json.key("capabilities").begin_object();
  json.key("tools").begin_object().key("listChanged").boolean(false).end_object();
  json.key("resources")
      .begin_object()
      .key("listChanged")
      .boolean(false)
      .key("subscribe")
      .boolean(false)
      .end_object();
  json.end_object().key("serverInfo").begin_object();
  json.key("name")
      .text("penstock")
      .key("title")
      .text("Penstock")
      .key("version")
      .text(parts.version)
      .end_object();
  return json.key("instructions").text(kInstructions).end_object().str();
}

std::string tool_answer(const std::string& structured) {
  declare::JsonWriter json;
  json.begin_object().key("content").begin_array().begin_object();
  // The same as text, for clients that know no structured content.
  json.key("type").text("text").key("text").text(structured).end_object().end_array();
  return json.key("structuredContent").raw(structured).key("isError").boolean(false).end_object().str();
}

// What a tool could not do: for the model to read, and to do better.
std::string tool_error(const Error& error) {
  declare::JsonWriter json;
  json.begin_object().key("content").begin_array().begin_object().key("type").text("text").key("text");
  json.text(error.remedy.empty() ? error.message : error.message + "\n→ " + error.remedy);
  return json.end_object().end_array().key("isError").boolean(true).end_object().str();
}

std::string tool_result(const Result<std::string>& answer) {
  if (!answer.ok()) return tool_error(answer.error());
  if (answer->size() <= kAnswerBytesMax) return tool_answer(*answer);
  return tool_error({ErrorKind::config, fmt::format("the answer is too long: {} bytes", answer->size()),
                     "ask for fewer rows, or for one sync"});
}

// Tells how a run goes on, where the peer asked to be told.
OnProgress progress_for(const Peer& peer, const Message& message) {
  const auto extras = message.object("_meta");
  simdjson::dom::element token;
  if (!peer.notify || !extras || (*extras)["progressToken"].get(token) != simdjson::SUCCESS) return nullptr;
  const auto text = token_of(token);
  if (!text) return nullptr;
  return [notify = peer.notify, token = *text, told = 0.0](const RunProgress& progress) mutable {
    const double done = static_cast<double>(progress.delivery.outcomes.sent());
    told = std::max(told + 0.001, done);  // the protocol wants it to grow
    declare::JsonWriter json;
    json.begin_object().key("progressToken").raw(token).key("progress").raw(fmt::format("{}", told));
    if (progress.plan.to_send > 0) json.key("total").integer(static_cast<int64_t>(progress.plan.to_send));
    json.key("message").text(fmt::format("{}: {}", progress.sync, name_of(progress.stage))).end_object();
    notify(notification("notifications/progress", json.str()));
  };
}

// While it lives, the peer can cancel the request.
class UnderWay {
 public:
  UnderWay(Peer& peer, std::string id, Interruption& interruption) : peer_(peer), id_(std::move(id)) {
    peer_.under_way[id_] = &interruption;
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() { peer_.under_way.erase(id_); }

 private:
  Peer& peer_;
  std::string id_;
};

Task<Result<std::string>> call_tool(const McpParts& parts, const Tool& tool,
                                    std::shared_ptr<const Arguments> arguments, Interruption& interruption,
                                    OnProgress on_progress) {
  if (tool.act != nullptr)
    co_return co_await tool.act({parts, *arguments, interruption, std::move(on_progress)});
  co_return co_await parts.loop.offload(
      [parts, arguments, ask = tool.ask] { return ask(parts, *arguments); });
}

// An id that is under way already would answer two questions with one.
std::optional<Fault> why_not_now(const Peer& peer, const Message& message) {
  if (!peer.under_way.contains(message.id())) return std::nullopt;
  return Fault{Fault::kInvalidRequest, "a request with this id is under way", message.id()};
}

Task<std::string> answer_call(const McpParts& parts, Peer& peer, std::shared_ptr<const Message> message) {
  const std::string name = message->text("name").value_or("");
  const Tool* tool = find_tool(name);
  if (tool == nullptr) {
    std::vector<std::string> known;
    for (const auto& one : tools()) known.emplace_back(one.name);
    const std::string hint = declare::did_you_mean(name, known);
    co_return reply(Fault{Fault::kInvalidParams,
                          fmt::format("there is no tool '{}'{}", name, hint.empty() ? "" : "; " + hint),
                          message->id()});
  }
  if (const auto fault = why_not_now(peer, *message)) co_return reply(*fault);
  if (tool->effect == Effect::writes && !peer.may_run)
    co_return reply(
        message->id(),
        tool_error({ErrorKind::permission, fmt::format("`{}` is not allowed here: nothing was sent", name),
                    "a person can start the server with `penstock mcp --allow-run`, or run `penstock run`"}));
  auto arguments = Arguments::read(tool->parameters, message->object("arguments"));
  if (!arguments.ok()) co_return reply(message->id(), tool_error(arguments.error()));
  Interruption interruption;
  const UnderWay under_way(peer, message->id(), interruption);
  auto kept = std::make_shared<const Arguments>(*std::move(arguments));
  auto progress = progress_for(peer, *message);
  const auto answer = co_await call_tool(parts, *tool, kept, interruption, progress);
  co_return interruption.asked() ? "" : reply(message->id(), tool_result(answer));
}

std::string answer_read(const McpParts& parts, const Message& message) {
  const auto uri = message.text("uri");
  if (!uri) return reply(Fault{Fault::kInvalidParams, "`uri` is missing", message.id()});
  const auto read = read_resource(parts, *uri);
  if (read.ok()) return reply(message.id(), *read);
  const Error& error = read.error();
  return reply(Fault{Fault::kResourceNotFound,
                     error.remedy.empty() ? error.message : error.message + "; " + error.remedy,
                     message.id()});
}

void take_notification(Peer& peer, const Message& message) {
  if (message.method() != "notifications/cancelled") return;
  const auto id = message.token("requestId");
  const auto found = id ? peer.under_way.find(*id) : peer.under_way.end();
  if (found != peer.under_way.end()) found->second->interrupt();
}

// What needs no waiting for; nullopt: a method that is not among these.
std::optional<std::string> answer_at_once(const McpParts& parts, Peer& peer, const Message& message) {
  const std::string& method = message.method();
  if (method == "initialize") return reply(message.id(), initialize(parts, peer, message));
  if (method == "ping") return reply(message.id(), "{}");
  if (method == "tools/list") return reply(message.id(), list_tools(peer));
  if (method == "resources/list") return reply(message.id(), list_resources(parts));
  if (method == "resources/templates/list") return reply(message.id(), R"({"resourceTemplates":[]})");
  if (method == "resources/read") return answer_read(parts, message);
  return std::nullopt;
}

}  // namespace

bool is_spoken(std::string_view version) {
  return std::find(std::begin(kVersions), std::end(kVersions), version) != std::end(kVersions);
}

Task<std::string> Mcp::handle_one(Peer& peer, std::string text) const {
  auto parsed = Message::parse(text);
  if (const auto* fault = std::get_if<Fault>(&parsed)) co_return reply(*fault);
  auto message = std::make_shared<const Message>(std::get<Message>(std::move(parsed)));
  if (message->method().empty()) co_return "";  // a reply: we ask nothing
  if (message->id().empty()) {
    take_notification(peer, *message);
    co_return "";
  }
  if (message->method() == "tools/call") co_return co_await answer_call(parts_, peer, message);
  if (auto answer = answer_at_once(parts_, peer, *message)) co_return *std::move(answer);
  co_return reply(Fault{Fault::kMethodNotFound, fmt::format("there is no method '{}'", message->method()),
                        message->id()});
}

Task<std::string> Mcp::handle(Peer& peer, std::string message) const {
  if (message.size() > kMessageBytesMax)
    co_return reply(
        Fault{Fault::kInvalidRequest, fmt::format("the message is longer than {} bytes", kMessageBytesMax)});
  const auto batch = batch_of(message);
  if (!batch) co_return co_await handle_one(peer, std::move(message));
  if (peer.version != kWithBatches || batch->empty() || batch->size() > kBatchMax)
    co_return reply(
        Fault{Fault::kInvalidRequest, peer.version != kWithBatches
                                          ? fmt::format("version {} has no batches", peer.version)
                                          : fmt::format("a batch has 1 to {} messages", kBatchMax)});
  std::string answers;
  for (const auto& one : *batch) {
    const std::string answer = co_await handle_one(peer, one);
    if (!answer.empty()) answers += (answers.empty() ? "[" : ",") + answer;
  }
  co_return answers.empty() ? "" : answers + "]";
}

}  // namespace penstock::mcp
