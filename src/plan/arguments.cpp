#include "plan/arguments.h"

#include <fmt/format.h>

namespace penstock {
namespace {

MappingArguments arguments_of(const Mapping& mapping, size_t first) {
  MappingArguments result;
  for (const auto& match : mapping.match)
    result.match.push_back({first++, match.type, FingerprintField("match:" + match.name, match.type, false)});
  for (const auto& field : mapping.fields) {
    result.fields.push_back(
        {first++, field.type, FingerprintField(field.name, field.type, field.omit_null), field.omit_null});
    result.fingerprinted.push_back(field.fingerprinted());
    result.names.push_back(field.name);
  }
  return result;
}

std::vector<std::string> expressions_of(const MappedModel& model) {
  std::vector<std::string> all;
  for (const auto& key : model.keys) all.push_back(key.sql);
  const auto add = [&](const Mapping& mapping) {
    for (const auto& match : mapping.match) all.push_back(match.sql);
    for (const auto& field : mapping.fields) all.push_back(field.sql);
  };
  add(model.mapping);
  for (const auto& older : model.older) add(older);
  return all;
}

}  // namespace

uint64_t MappingArguments::sum(std::span<const duck::Vector> arguments, size_t row) const {
  uint64_t sum = 0;
  const auto add = [&](const One& one) {
    sum += one.hash.contribution(Values(arguments[one.index], one.type), row);
  };
  for (const auto& one : match) add(one);
  for (size_t i = 0; i < fields.size(); ++i)
    if (fingerprinted[i]) add(fields[i]);
  return sum;
}

void MappingArguments::add_to(uint64_t* sums, std::span<const duck::Vector> arguments, size_t rows) const {
  const auto add = [&](const One& one) {
    one.hash.add_to(sums, Values(arguments[one.index], one.type), rows);
  };
  for (const auto& one : match) add(one);
  for (size_t i = 0; i < fields.size(); ++i)
    if (fingerprinted[i]) add(fields[i]);
}

Arguments Arguments::of(const MappedModel& model) {
  Arguments result;
  for (const auto& key : model.keys) result.keys.push_back(key.type);
  size_t next = model.keys.size();
  const auto add = [&](const Mapping& mapping) {
    MappingArguments made = arguments_of(mapping, next);
    next += mapping.match.size() + mapping.fields.size();
    return made;
  };
  result.current = add(model.mapping);
  for (const auto& older : model.older) result.older.push_back(add(older));
  return result;
}

std::vector<Values> Arguments::key_values(std::span<const duck::Vector> arguments) const {
  std::vector<Values> values;
  for (size_t i = 0; i < keys.size(); ++i) values.emplace_back(arguments[i], keys[i]);
  return values;
}

std::string argument_select_list(const MappedModel& model) {
  std::string out;
  size_t index = 0;
  for (const auto& expression : expressions_of(model))
    out += fmt::format("{}{} AS a{}", index > 0 ? ", " : "", expression, index), ++index;
  return out;
}

std::string argument_names(const MappedModel& model) {
  std::string out;
  for (size_t i = 0; i < expressions_of(model).size(); ++i) out += fmt::format("{}a{}", i > 0 ? ", " : "", i);
  return out;
}

}  // namespace penstock
