// What a tool takes: one table gives its JSON Schema, the check of what an agent sends, and the messages.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace penstock::mcp {

enum class Kind { text, words, integer, flag };

struct Parameter {
  std::string_view name;
  Kind kind = Kind::text;
  std::string_view help;
  bool required = false;
  // Of an integer.
  int64_t least = 0, most = 0;
  std::optional<int64_t> by_default{};
};

std::string input_schema(const std::vector<Parameter>& parameters);

// What was given, checked; what was not given is empty, false or the default.
class Arguments {
 public:
  // Errors are of kind config and name the argument, what was expected, and the nearest name of one.
  static Result<Arguments> read(const std::vector<Parameter>& parameters,
                                const std::optional<simdjson::dom::object>& given);

  std::string text(std::string_view name) const;
  std::vector<std::string> words(std::string_view name) const;
  uint64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  bool has(std::string_view name) const { return values_.contains(name); }

 private:
  using Value = std::variant<std::string, std::vector<std::string>, int64_t, bool>;
  template <class T>
  T value(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? T{} : std::get<T>(found->second);
  }
  static std::optional<Value> read_value(const Parameter& parameter, simdjson::dom::element given);

  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace penstock::mcp
