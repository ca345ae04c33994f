#include "deliver/references.h"

#include <algorithm>

#include "deliver/route.h"

namespace penstock {

std::string looked_for(const Row& row, const connector::BoundOperation& look_up,
                       const connector::ValueRules& rules) {
  constexpr connector::ValuePlace kMatchValue{.is_match = true, .index = 0};
  std::string value = value_text(row, look_up.looks_for.value_or(kMatchValue), rules);
  if (look_up.find->ignore_case)
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return std::tolower(c); });
  return value;
}

std::optional<Step> References::complete(Row& row, Step step,
                                         const connector::BoundOperation& operation) const {
  const auto& references = target_->references();
  if (row.then != step) row.references.clear();
  row.then = step;
  for (size_t i = row.references.size(); i < references.size(); ++i) {
    std::string value = value_text(row, references[i].value, target_->values());
    // A value that is an id, or that names nothing, or that nobody asks for.
    if (!references[i].find || value.empty() || !operation.takes.takes_by_name(references[i].name)) {
      row.references.push_back(std::move(value));
      continue;
    }
    const auto known = known_[i].find(looked_for(row, *references[i].find, target_->values()));
    if (known == known_[i].end()) return step_of_reference(i);
    row.references.push_back(known->second);
  }
  return std::nullopt;
}

void References::learn(size_t reference, const Row& row, const std::string& record_id) {
  auto& known = known_[reference];
  if (known.size() < kKnownMax)
    known.insert_or_assign(looked_for(row, *target_->references()[reference].find, target_->values()),
                           record_id);
}

}  // namespace penstock
