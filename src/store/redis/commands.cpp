#include "store/redis/commands.h"

#include <fmt/format.h>

#include "declare/json.h"

namespace penstock::redis {
namespace {

// KEYS: where the record is, and where it is to be (elsewhere when its match changed). ARGV: verb, expiry,
// then what the kind needs.
constexpr std::string_view kHash = R"(
local there = redis.call('exists', KEYS[1])
if ARGV[1] == 'remove' then redis.call('del', KEYS[1]) return 2 end
if ARGV[1] == 'insert' and there == 1 then return 0 end
if ARGV[1] == 'update' and there == 0 then return -1 end
if there == 1 and KEYS[2] ~= KEYS[1] then redis.call('rename', KEYS[1], KEYS[2]) end
local set = 4 + tonumber(ARGV[3]) * 2
for i = 4, set - 1, 2 do redis.call('hset', KEYS[2], ARGV[i], ARGV[i + 1]) end
for i = set, #ARGV do redis.call('hdel', KEYS[2], ARGV[i]) end
if ARGV[2] ~= '0' then redis.call('expire', KEYS[2], ARGV[2]) end
if there == 1 then return 2 end
return 1
)";

constexpr std::string_view kJson = R"(
local there = redis.call('exists', KEYS[1])
if ARGV[1] == 'remove' then redis.call('del', KEYS[1]) return 2 end
if ARGV[1] == 'insert' and there == 1 then return 0 end
if ARGV[1] == 'update' and there == 0 then return -1 end
if there == 1 and KEYS[2] ~= KEYS[1] then redis.call('del', KEYS[1]) end
if ARGV[2] ~= '0' then redis.call('set', KEYS[2], ARGV[3], 'ex', ARGV[2])
else redis.call('set', KEYS[2], ARGV[3]) end
if there == 1 then return 2 end
return 1
)";

constexpr std::string_view kSet = R"(
if ARGV[1] == 'remove' then redis.call('srem', KEYS[1], ARGV[3]) return 2 end
local there = redis.call('sismember', KEYS[1], ARGV[3])
if ARGV[1] == 'insert' and there == 1 then return 0 end
if ARGV[1] == 'update' and there == 0 then return -1 end
if ARGV[4] ~= ARGV[3] then redis.call('srem', KEYS[1], ARGV[3]) end
redis.call('sadd', KEYS[1], ARGV[4])
if ARGV[2] ~= '0' then redis.call('expire', KEYS[1], ARGV[2]) end
if there == 1 then return 2 end
return 1
)";

constexpr std::string_view kStream = R"(
local entry = {}
for i = 4, #ARGV do entry[#entry + 1] = ARGV[i] end
redis.call('xadd', KEYS[1], '*', unpack(entry))
if ARGV[2] ~= '0' then redis.call('expire', KEYS[1], ARGV[2]) end
return 1
)";

std::string_view name_of(Verb verb) {
  switch (verb) {
    case Verb::insert:
      return "insert";
    case Verb::upsert:
      return "upsert";
    case Verb::update:
      return "update";
    case Verb::remove:
      return "remove";
  }
  return "";
}

// What the row is matched by: before this request, and from now on.
struct Match {
  std::string before, now;
};

Match match_of(const RowsBody& body, const BodyRow& row) {
  Match match{.before = std::string(row.key.value_or("")), .now = std::string(row.key.value_or(""))};
  const auto& shape = body.shapes[row.shape];
  for (size_t i = 0; i < shape.size(); ++i)
    if (body.columns[shape[i]] == body.match && row.values[i]) match.now = *row.values[i];
  if (!row.key) match.before = match.now;
  return match;
}

std::string json_of(const RowsBody& body, const BodyRow& row) {
  std::string out = "{";
  const auto& shape = body.shapes[row.shape];
  for (size_t i = 0; i < shape.size(); ++i) {
    if (body.columns[shape[i]] == body.match) continue;
    if (out.size() > 1) out += ',';
    declare::append_json_text(out, body.columns[shape[i]]);
    out += ':';
    out += row.json[i];
  }
  return out + "}";
}

void add_hash(std::vector<std::string>& words, const RowsBody& body, const BodyRow& row) {
  std::vector<std::string> set, cleared;
  const auto& shape = body.shapes[row.shape];
  for (size_t i = 0; i < shape.size(); ++i) {
    const std::string& name = body.columns[shape[i]];
    if (name == body.match) continue;
    if (row.values[i]) {
      set.push_back(name);
      set.emplace_back(*row.values[i]);
    } else {
      cleared.push_back(name);
    }
  }
  words.push_back(fmt::to_string(set.size() / 2));
  words.insert(words.end(), set.begin(), set.end());
  words.insert(words.end(), cleared.begin(), cleared.end());
}

void add_stream(std::vector<std::string>& words, const RowsBody& body, const BodyRow& row) {
  words.emplace_back("");
  const auto& shape = body.shapes[row.shape];
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!row.values[i]) continue;
    words.push_back(body.columns[shape[i]]);
    words.emplace_back(*row.values[i]);
  }
}

}  // namespace

std::optional<Target> target_named(std::string_view object) {
  const size_t slash = object.find('/');
  if (slash == object.npos || slash + 1 == object.size()) return std::nullopt;
  const std::string key(object.substr(slash + 1));
  const std::string_view kind = object.substr(0, slash);
  if (kind == "hash") return Target{.kind = Kind::hash, .key = key};
  if (kind == "json") return Target{.kind = Kind::json, .key = key};
  if (kind == "set") return Target{.kind = Kind::set, .key = key};
  if (kind == "stream") return Target{.kind = Kind::stream, .key = key};
  return std::nullopt;
}

std::string_view script_of(Kind kind) {
  switch (kind) {
    case Kind::hash:
      return kHash;
    case Kind::json:
      return kJson;
    case Kind::set:
      return kSet;
    case Kind::stream:
      return kStream;
  }
  return "";
}

Command call_of(const Target& target, Verb verb, const RowsBody& body, const BodyRow& row,
                std::string_view expire, const std::string& script_digest) {
  const Match match = match_of(body, row);
  const bool of_key = target.kind == Kind::hash || target.kind == Kind::json;
  Command command{{"evalsha", script_digest, "2", of_key ? target.key + match.before : target.key,
                   of_key ? target.key + match.now : target.key, std::string(name_of(verb)),
                   std::string(expire)}};
  switch (target.kind) {
    case Kind::hash:
      add_hash(command.words, body, row);
      break;
    case Kind::json:
      command.words.push_back(json_of(body, row));
      break;
    case Kind::set:
      command.words.push_back(match.before);
      command.words.push_back(match.now);
      break;
    case Kind::stream:
      add_stream(command.words, body, row);
      break;
  }
  return command;
}

}  // namespace penstock::redis
