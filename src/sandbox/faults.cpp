#include "sandbox/faults.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

namespace penstock::sandbox {
namespace {

namespace json = simdjson::dom;

struct KindName {
  std::string_view name;
  FaultKind kind;
};
constexpr std::array<KindName, 7> kKinds{{{"status", FaultKind::status},
                                          {"reset", FaultKind::reset},
                                          {"stall", FaultKind::stall},
                                          {"garbage", FaultKind::garbage},
                                          {"noise", FaultKind::noise},
                                          {"partial", FaultKind::partial},
                                          {"slow", FaultKind::slow}}};

Error mistake(std::string what, std::string remedy = {}) {
  return {ErrorKind::config, "fault: " + std::move(what), std::move(remedy)};
}

Result<FaultKind> parse_kind(std::string_view name) {
  const auto found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.name == name; });
  if (found != kKinds.end()) return found->kind;
  return mistake(fmt::format("there is no kind '{}'", name),
                 "Use status, reset, stall, garbage, noise, partial or slow.");
}

// There must be a true answer to cut off or to hold back.
bool needs_answer(FaultKind kind) {
  return kind == FaultKind::partial || kind == FaultKind::slow;
}

// Sets `target` from a member of the right type and range; false if the type or the range is wrong.
template <class Number, class Json>
bool take_number(json::element value, Json low, Json high, Number& target) {
  Json number{};
  if (value.get(number) != simdjson::SUCCESS || number < low || number > high) return false;
  target = static_cast<Number>(number);
  return true;
}

bool take_text(json::element value, std::string& target) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  target = text;
  return true;
}

std::string body_text(json::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(value);
}

bool take_delay(json::element value, Duration& delay) {
  int64_t milliseconds = 0;
  if (!take_number<int64_t, int64_t>(value, 0, 3'600'000, milliseconds)) return false;
  delay = std::chrono::milliseconds(milliseconds);
  return true;
}

bool take_retry_after(json::element value, FaultOrder& fault) {
  return take_number<uint32_t, int64_t>(value, 0, 86'400, fault.retry_after.emplace());
}

Result<void> take_member(std::string_view name, json::element value, FaultOrder& fault, bool& after_given) {
  bool ok = true;
  if (name == "path") {
    ok = take_text(value, fault.path);
  } else if (name == "status") {
    ok = take_number<int, int64_t>(value, 200, 599, fault.status);
  } else if (name == "count") {
    ok = take_number<int64_t, int64_t>(value, -1, 1'000'000'000, fault.count) && fault.count != 0;
  } else if (name == "after") {
    after_given = true;
    ok = value.get(fault.after) == simdjson::SUCCESS;
  } else if (name == "probability") {
    ok = take_number<double, double>(value, 0.0, 1.0, fault.probability);
  } else if (name == "retry_after") {
    ok = take_retry_after(value, fault);
  } else if (name == "delay_ms") {
    ok = take_delay(value, fault.delay);
  } else if (name == "body") {
    fault.body = body_text(value);
  } else if (name != "kind") {
    return mistake(fmt::format("there is no member '{}'", name),
                   "Use path, kind, status, count, after, probability, retry_after, delay_ms or body.");
  }
  if (!ok) return mistake(fmt::format("'{}' has a value of the wrong type or out of range", name));
  return success();
}

}  // namespace

Result<FaultOrder> parse_fault(std::string_view text) {
  json::parser parser;
  json::object object;
  if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS) {
    return mistake("the body is not a JSON object");
  }
  FaultOrder fault;
  std::string_view kind_name = "status";
  if (auto member = object["kind"]; member.error() == simdjson::SUCCESS) {
    if (member.get(kind_name) != simdjson::SUCCESS) return mistake("'kind' must be a string");
  }
  auto kind = parse_kind(kind_name);
  if (!kind.ok()) return kind.error();
  fault.kind = *kind;
  bool after_given = false;
  for (const auto& member : object) {
    if (auto taken = take_member(member.key, member.value, fault, after_given); !taken.ok())
      return taken.error();
  }
  if (needs_answer(fault.kind)) {
    if (after_given && !fault.after)
      return mistake(fmt::format("'{}' needs an answer, so 'after' is always true", kind_name));
    fault.after = true;
  }
  return fault;
}

std::optional<FaultOrder> Faults::next(std::string_view path, Random& random) {
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (path.find(fault->path) == std::string_view::npos) continue;
    if (fault->probability < 1 && !random.chance(fault->probability)) continue;
    FaultOrder hit = *fault;
    if (fault->count > 0) {
      --fault->count;
      if (fault->count == 0) faults_.erase(fault);
    }
    return hit;
  }
  return std::nullopt;
}

}  // namespace penstock::sandbox
