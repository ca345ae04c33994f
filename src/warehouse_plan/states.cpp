#include "warehouse_plan/states.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "declare/json.h"
#include "warehouse_plan/tables.h"

namespace penstock {
namespace {

constexpr std::pair<Waiting::Kind, std::string_view> kWaitingKinds[] = {
    {Waiting::Kind::row_rejected, "row_rejected"},
    {Waiting::Kind::removal_rejected, "removal_rejected"},
    {Waiting::Kind::nothing_to_do, "nothing_to_do"},
    {Waiting::Kind::in_doubt, "in_doubt"},
    {Waiting::Kind::held, "held"}};

std::string waiting_json(const Waiting& waiting) {
  declare::JsonWriter out;
  out.begin_object();
  for (const auto& [kind, name] : kWaitingKinds)
    if (kind == waiting.kind) out.key("kind").text(name);
  // Digits beyond 2^53 are kept as text.
  out.key("fingerprint").text(fmt::format("{:016x}", waiting.fingerprint));
  out.key("cause").text(fmt::format("{:016x}", waiting.cause));
  out.key("attempts").integer(waiting.attempts);
  out.key("since").integer(unix_micros(waiting.since));
  out.key("next_try").integer(unix_micros(waiting.next_try));
  out.key("code").text(waiting.code).key("message").text(waiting.message);
  return out.end_object().str();
}

uint64_t hexadecimal(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return number;
}

// Reads what others could have written to: a table that people can reach.
class StateReader {
 public:
  Result<KeyState> read(const std::vector<duck::Vector>& columns, size_t row) {
    KeyState state;
    const auto text = [&](size_t i) {
      return columns[i].valid(row) ? columns[i].text(row) : std::string_view();
    };
    if (columns[1].valid(row)) {
      int64_t accepted = 0;
      const auto digits = text(1);
      if (std::from_chars(digits.data(), digits.data() + digits.size(), accepted).ec != std::errc())
        return damaged(text(0));
      state.accepted = static_cast<uint64_t>(accepted);
    }
    state.gone = is_true(text(2));
    state.foreign = is_true(text(3));
    if (!columns[4].valid(row)) return state;
    Details& details = state.details.emplace();
    details.key = text(4);
    details.record_id = text(5);
    if (columns[6].valid(row) && !read_texts(text(6), details.match)) return damaged(text(0));
    if (columns[7].valid(row)) {
      details.waiting.emplace();
      if (!read_waiting(text(7), *details.waiting)) return damaged(text(0));
    }
    return state;
  }

 private:
  static bool is_true(std::string_view text) { return text == "true"; }
  static Error damaged(std::string_view key) {
    return Error{ErrorKind::source,
                 fmt::format("the entry {} in the warehouse's tables of Penstock is damaged", key),
                 "restore the table, or drop this sync's tables and run it with --baseline"};
  }
  bool read_texts(std::string_view json, std::vector<std::string>& into) {
    simdjson::dom::array array;
    if (parser_.parse(simdjson::padded_string(json)).get_array().get(array) != simdjson::SUCCESS)
      return false;
    for (const auto item : array) {
      std::string_view text;
      if (item.get(text) != simdjson::SUCCESS) return false;
      into.emplace_back(text);
    }
    return true;
  }
  bool read_waiting(std::string_view json, Waiting& waiting) {
    simdjson::dom::element root;
    if (parser_.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS) return false;
    std::string_view kind, fingerprint, cause, code, message;
    int64_t attempts = 0, since = 0, next_try = 0;
    if (root["kind"].get(kind) != simdjson::SUCCESS ||
        root["fingerprint"].get(fingerprint) != simdjson::SUCCESS ||
        root["cause"].get(cause) != simdjson::SUCCESS ||
        root["attempts"].get(attempts) != simdjson::SUCCESS ||
        root["since"].get(since) != simdjson::SUCCESS ||
        root["next_try"].get(next_try) != simdjson::SUCCESS || root["code"].get(code) != simdjson::SUCCESS ||
        root["message"].get(message) != simdjson::SUCCESS)
      return false;
    for (const auto& [value, name] : kWaitingKinds)
      if (name == kind) waiting.kind = value;
    waiting.fingerprint = hexadecimal(fingerprint);
    waiting.cause = hexadecimal(cause);
    waiting.attempts = static_cast<uint32_t>(attempts);
    waiting.since = from_unix_micros(since);
    waiting.next_try = from_unix_micros(next_try);
    waiting.code = code;
    waiting.message = message;
    return true;
  }
  simdjson::dom::parser parser_;
};

std::string texts_json(const std::vector<std::string>& texts) {
  declare::JsonWriter out;
  out.begin_array();
  for (const auto& text : texts) out.text(text);
  return out.end_array().str();
}

Result<void> add_state(duck::Appender& appender, KeyHash key, const KeyState& state) {
  appender.add(key_digits(key));
  state.accepted ? appender.add(static_cast<int64_t>(*state.accepted)) : appender.add_null();
  appender.add_bool(state.gone).add_bool(state.foreign);
  if (!state.details) {
    appender.add_null().add_null().add_null().add_null();
    return appender.end_row();
  }
  appender.add(state.details->key).add(state.details->record_id).add(texts_json(state.details->match));
  state.details->waiting ? appender.add(waiting_json(*state.details->waiting)) : appender.add_null();
  return appender.end_row();
}

}  // namespace

std::string key_digits(KeyHash key) {
  return fmt::format("{:016x}{:016x}", key.hi, key.lo);
}

KeyHash parse_key_digits(std::string_view digits) {
  if (digits.size() != 32) return {};
  return {hexadecimal(digits.substr(0, 16)), hexadecimal(digits.substr(16))};
}

Result<void> put_states(duck::Connection& connection, const std::string& sql, ChangeSet& changes) {
  auto rows = connection.query(sql);
  if (!rows.ok()) return rows.error();
  StateReader reader;
  for (;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) return success();
    const std::vector<duck::Vector> columns = (*chunk)->vectors();
    for (size_t row = 0; row < (*chunk)->rows(); ++row) {
      auto state = reader.read(columns, row);
      if (!state.ok()) return state.error();
      if (auto put = changes.put(parse_key_digits(columns[0].text(row)), *state); !put.ok()) return put;
    }
  }
}

Result<void> list_states(duck::Connection& connection, const std::string& table, const Snapshot& snapshot) {
  auto created = connection.run(
      fmt::format("CREATE TEMP TABLE {}(key VARCHAR, {})", table, state_columns("{name} {type}")));
  if (!created.ok()) return created.error();
  auto appender = duck::Appender::open(connection, table);
  if (!appender.ok()) return appender.error();
  auto listed = snapshot.for_each([&](const Found& found) -> Result<void> {
    auto details = snapshot.details(found.slot);
    if (!details.ok()) return details.error();
    KeyState state{.accepted = found.accepted, .gone = found.gone, .foreign = found.foreign, .details = {}};
    if (*details != Details{}) state.details = *std::move(details);
    return add_state(*appender, found.key, state);
  });
  return listed.ok() ? appender->close() : listed;
}

}  // namespace penstock
