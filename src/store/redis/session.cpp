#include "store/redis/session.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "database/address.h"
#include "declare/json.h"
#include "net/address_guard.h"
#include "store/redis/redis.h"

namespace penstock::redis {
namespace {

timeval timeval_of(Duration duration) {
  const auto micros = duration.count();
  return {.tv_sec = micros / 1'000'000, .tv_usec = micros % 1'000'000};
}

std::string_view text_of(const redisReply& reply) {
  return {reply.str, reply.len};
}

}  // namespace

Session::Session(const Headers& headers)
    : url_(header_text(headers, "Connection")),
      password_(header_text(headers, "Password")),
      expire_(header_text(headers, "Expire")),
      context_(nullptr, &redisFree) {
  if (expire_.empty()) expire_ = "0";
}

Session::Failed Session::connect(const HttpRequest& request) {
  if (context_) return std::nullopt;
  const auto address = parse_address(url_, 6379);
  if (!address.ok()) return misconfigured(address.error().message, address.error().remedy);
  if (address->scheme != "redis")
    return misconfigured(fmt::format("the destination's `url` begins with '{}://'", address->scheme),
                         "only redis:// is spoken; encrypted connections need a tunnel");
  context_.reset(
      redisConnectWithTimeout(address->host.c_str(), address->port, timeval_of(request.timeouts.connect)));
  if (!context_ || context_->err != 0)
    return undone(fmt::format("{}:{}: {}", address->host, address->port, broken()));
  if (auto may = check_connected(policy_for_text(url_), context_->fd, address->host); !may.ok()) {
    context_.reset();
    return misconfigured(may.error().message, may.error().remedy);
  }
  redisSetTimeout(context_.get(), timeval_of(request.timeouts.first_byte));
  redisEnableKeepAlive(context_.get());
  scripts_.clear();
  Failed failed = log_in(address->user, password_.empty() ? address->password : password_, address->rest);
  if (failed) context_.reset();
  return failed;
}

Session::Failed Session::log_in(const std::string& user, const std::string& password,
                                const std::string& database) {
  std::vector<std::vector<std::string>> commands;
  if (!password.empty())
    commands.push_back(user.empty() ? std::vector<std::string>{"auth", password}
                                    : std::vector<std::string>{"auth", user, password});
  commands.push_back(database.empty() ? std::vector<std::string>{"ping"}
                                      : std::vector<std::string>{"select", database});
  for (const auto& command : commands) {
    const Reply reply = run(command);
    if (!reply) return undone(broken());
    if (reply->type != REDIS_REPLY_ERROR) continue;
    const std::string message(text_of(*reply));
    if (command[0] == "auth" || message.starts_with("NOAUTH") || message.starts_with("WRONGPASS"))
      return refusal(401, "login", message);
    return refused(message);
  }
  return std::nullopt;
}

// Why there is no reply; the connection is of no use any more.
std::string Session::broken() {
  std::string message = context_ && context_->errstr[0] != '\0' ? context_->errstr : "no connection";
  context_.reset();
  return message;
}

StoreAnswer Session::refused(std::string_view message) {
  const std::string code(message.substr(0, message.find(' ')));
  if (code == "NOAUTH" || code == "WRONGPASS") return refusal(401, code, message);
  if (code == "NOPERM") return refusal(403, code, message);
  if (code == "LOADING" || code == "BUSY" || code == "MASTERDOWN" || code == "TRYAGAIN" || code == "OOM" ||
      code == "READONLY" || code == "CLUSTERDOWN" || code == "MISCONF") {
    // The next attempt may reach another server behind the same name.
    context_.reset();
    return undone(std::string(message));
  }
  if (code == "MOVED" || code == "ASK")
    return misconfigured("this is a server of a cluster, which is not supported",
                         "name a server that stands alone");
  return misconfigured(std::string(message));
}

void Session::send(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const auto& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data());
}

Session::Reply Session::receive() {
  void* reply = nullptr;
  redisGetReply(context_.get(), &reply);
  return {static_cast<redisReply*>(reply), &freeReplyObject};
}

Session::Reply Session::run(const std::vector<std::string>& words) {
  send(words);
  return receive();
}

StoreAnswer Session::carry(const HttpRequest& request) {
  if (auto failed = connect(request)) return *std::move(failed);
  const StorePath path = store_path(request.url);
  const auto target = target_named(path.object);
  if (!target)
    return misconfigured(fmt::format("'{}' is no object of this destination", path.object),
                         "write hash/PREFIX, json/PREFIX, set/KEY or stream/KEY");
  if (request.method == "GET") return find(*target, request.body);
  const Verb verb = request.method == "POST"    ? Verb::insert
                    : request.method == "PUT"   ? Verb::upsert
                    : request.method == "PATCH" ? Verb::update
                                                : Verb::remove;
  if (target->kind == Kind::stream && verb != Verb::insert)
    return misconfigured("a stream can only be appended to", "use `mode: append` without a match");
  if (target->kind != Kind::stream && path.what == "entries")
    return misconfigured(fmt::format("{} cannot be written without a match", path.object),
                         "match on what the key is made of");
  return write(verb, *target, request.body);
}

Session::Failed Session::load_script(Kind kind) {
  if (scripts_.contains(kind)) return std::nullopt;
  const Reply reply = run({"script", "load", std::string(script_of(kind))});
  if (!reply) return undone(broken());
  if (reply->type == REDIS_REPLY_ERROR) return refused(text_of(*reply));
  scripts_[kind] = text_of(*reply);
  return std::nullopt;
}

StoreAnswer Session::write(Verb verb, const Target& target, const std::string& text) {
  auto body = RowsBody::read(text);
  if (!body.ok()) return misconfigured(body.error().message);
  if (auto failed = load_script(target.kind)) return *std::move(failed);
  for (const auto& row : body->rows)
    send(call_of(target, verb, *body, row, expire_, scripts_[target.kind]).words);
  using State = RowsReply::State;
  RowsReply reply(*body);
  std::string failure;
  bool script_is_gone = false;
  for (size_t i = 0; i < body->rows.size(); ++i) {
    const Reply answer = receive();
    if (!answer) return unknown_outcome(broken());
    if (answer->type == REDIS_REPLY_ERROR) {
      const std::string message(text_of(*answer));
      script_is_gone = script_is_gone || message.starts_with("NOSCRIPT");
      // A key that holds something of another kind is this row's own trouble.
      if (message.find("WRONGTYPE") != message.npos) {
        reply.refuse(i, "WRONGTYPE", message);
        continue;
      }
      failure = message;
      reply.mark(i, State::untold);
      continue;
    }
    const auto became = answer->type == REDIS_REPLY_INTEGER ? answer->integer : 2;
    reply.mark(i, became == 1   ? State::created
                  : became == 2 ? State::done
                  : became == 0 ? State::present
                                : State::absent);
  }
  if (script_is_gone) scripts_.clear();  // the server was restarted or told to forget: loaded anew next time
  if (!failure.empty() && !script_is_gone) {
    StoreAnswer answer = refused(failure);
    if (!answer.ok() && answer.may_have_arrived == false && answer.failure) answer.may_have_arrived = true;
    return answer;
  }
  return {.status = 200, .body = reply.json(), .failure = std::nullopt};
}

// Which of the values are there.
StoreAnswer Session::find(const Target& target, const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array values, asked;
  if (parser.parse(text).get(root) != simdjson::SUCCESS || root["values"].get(values) != simdjson::SUCCESS)
    return misconfigured("a look-up needs `values`");
  std::vector<std::string> sent, fields;
  if (root["fields"].get(asked) == simdjson::SUCCESS && target.kind == Kind::hash)
    for (const simdjson::dom::element field : asked)
      if (std::string_view name; field.get(name) == simdjson::SUCCESS) fields.emplace_back(name);
  for (const simdjson::dom::element value : values) {
    std::string_view word;
    sent.emplace_back(value.get(word) == simdjson::SUCCESS ? std::string(word) : simdjson::minify(value));
    const std::string key = target.key + sent.back();
    send(target.kind == Kind::set ? std::vector<std::string>{"sismember", target.key, sent.back()}
                                  : std::vector<std::string>{"exists", key});
    if (fields.empty()) continue;
    std::vector<std::string> words{"hmget", key};
    words.insert(words.end(), fields.begin(), fields.end());
    send(words);
  }
  declare::JsonWriter json;
  json.begin_object().key("records").begin_array();
  std::string failure;
  for (const auto& value : sent) {
    const Reply there = receive();
    if (!there) return undone(broken());
    if (there->type == REDIS_REPLY_ERROR) failure = text_of(*there);
    const Reply held = fields.empty() ? Reply(nullptr, &freeReplyObject) : receive();
    if (!fields.empty() && !held) return undone(broken());
    if (there->type != REDIS_REPLY_INTEGER || there->integer == 0) continue;
    json.begin_object().key("value").text(value).key("id").text(value).key("fields").begin_object();
    for (size_t i = 0; held && held->type == REDIS_REPLY_ARRAY && i < held->elements && i < fields.size();
         ++i)
      if (held->element[i]->type == REDIS_REPLY_STRING) json.key(fields[i]).text(text_of(*held->element[i]));
    json.end_object().end_object();
  }
  json.end_array().end_object();
  if (!failure.empty()) return refused(failure);
  return {.status = 200, .body = json.str(), .failure = std::nullopt};
}

}  // namespace penstock::redis

namespace penstock {

std::unique_ptr<StoreSession> make_redis_session(const Headers& headers) {
  return std::make_unique<redis::Session>(headers);
}

}  // namespace penstock
