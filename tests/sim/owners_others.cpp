#include "sim/owners_others.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::sim {

std::string OwnersOthers::fresh_value() {
  if (random_.chance(0.12)) return "";
  if (random_.chance(0.1)) return random_.chance(0.5) ? "x" : "y";
  return fmt::format("o{}", ++values_);
}

std::string OwnersOthers::create(const std::string& match) {
  std::map<std::string, std::string> fields{{"other", "1"}};
  fields[sync_.match_kind == "id" ? "name" : sync_.match_field] = match;
  for (const auto& field : sync_.fields)
    if (field.name != kOwnedKey && random_.chance(0.5)) fields[field.name] = fresh_value();
  std::string id = twin_.others_create(fields);
  std::string line = fmt::format("others make {} with {}:", id, match);
  for (const auto& [name, value] : fields) line += fmt::format(" {}='{}'", name, value);
  tell_(line);
  return id;
}

// A second record of one match value is nobody's fault but theirs: they look first.
void OwnersOthers::create_some(const std::map<std::string, Record>& records) {
  if (sync_.match_kind == "id") return;
  const std::string& match = model_->some_match();
  const bool is_there = std::any_of(records.begin(), records.end(),
                                    [&](const auto& each) { return twin_.has_match(each.second, match); });
  if (!is_there) (void)create(match);
}

void OwnersOthers::act() {
  const auto records = twin_.live();
  const uint64_t what = random_.below(20);
  if (what < 4) return create_some(records);
  if (records.empty()) return;
  const auto record = std::next(records.begin(), static_cast<ptrdiff_t>(random_.below(records.size())));
  if (what < 6) {
    tell_(fmt::format("others delete {}", record->first));
    return twin_.others_delete(record->first);
  }
  const bool is_mapped = what < 18;
  const std::string field =
      is_mapped ? sync_.fields[1 + random_.below(sync_.fields.size() - 1)].name : "other";
  const std::string value = fresh_value();
  tell_(fmt::format("others write '{}' to {} of {}", value, field, record->first));
  twin_.others_write(record->first, field, value);
}

void OwnersOthers::act_between() {
  if (resting_ || model_ == nullptr) return;
  while (random_.chance(busy)) act();
}

}  // namespace penstock::sim
