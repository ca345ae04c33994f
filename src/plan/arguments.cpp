#include "plan/arguments.h"

#include <fmt/format.h>

#include <map>

namespace penstock {
namespace {

// Gives each expression its place: the one it has already, or the next.
class Places {
 public:
  explicit Places(std::vector<std::string>& expressions) : expressions_(expressions) {}

  size_t of(const std::string& sql) {
    const auto [place, is_new] = places_.emplace(sql, expressions_.size());
    if (is_new) expressions_.push_back(sql);
    return place->second;
  }

  MappingArguments of(const Mapping& mapping) {
    MappingArguments result;
    for (const auto& match : mapping.match)
      result.match.push_back(
          {of(match.sql), match.type, FingerprintField("match:" + match.name, match.type, false)});
    for (const auto& field : mapping.fields) {
      result.fields.push_back({of(field.sql), field.type,
                               FingerprintField(field.fingerprint_name(), field.type, field.omit_null),
                               field.omit_null, field.write == WritePolicy::if_empty, field.conditional()});
      result.fingerprinted.push_back(field.fingerprinted());
      result.names.push_back(field.name);
    }
    return result;
  }

 private:
  std::vector<std::string>& expressions_;
  std::map<std::string, size_t> places_;
};

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
  Places places(result.expressions);
  for (const auto& key : model.keys) result.keys.push_back({places.of(key.sql), key.type});
  result.current = places.of(model.mapping);
  for (const auto& older : model.older) result.older.push_back(places.of(older));
  return result;
}

std::vector<Values> Arguments::key_values(std::span<const duck::Vector> arguments) const {
  std::vector<Values> values;
  for (const auto& key : keys) values.emplace_back(arguments[key.index], key.type);
  return values;
}

Result<ProbedRows> Arguments::probe(const Snapshot& snapshot, std::span<const duck::Vector> arguments,
                                    size_t rows) const {
  ProbedRows probed{std::vector<KeyHash>(rows), std::vector<Fingerprint>(rows), std::vector<Probe>(rows)};
  hash_keys(key_values(arguments), rows, probed.keys.data());
  current.add_to(probed.fingerprints.data(), arguments, rows);
  for (Fingerprint& sum : probed.fingerprints) sum = finish_fingerprint(sum);
  if (auto done = snapshot.probe(probed.keys, probed.fingerprints, probed.places); !done.ok())
    return done.error();
  return probed;
}

std::string argument_select_list(const Arguments& arguments) {
  std::string out;
  for (size_t i = 0; i < arguments.expressions.size(); ++i)
    out += fmt::format("{}{} AS a{}", i > 0 ? ", " : "", arguments.expressions[i], i);
  return out;
}

std::string argument_names(const Arguments& arguments) {
  std::string out;
  for (size_t i = 0; i < arguments.expressions.size(); ++i) out += fmt::format("{}a{}", i > 0 ? ", " : "", i);
  return out;
}

}  // namespace penstock
