#include "config/sync_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace penstock::config {
namespace {

using declare::Entry;
using declare::Reading;

const std::string& written(const Entry& entry) {
  return entry.value.text;
}

bool refuse(const Entry& at, std::string message, std::string remedy, Reading& reading) {
  reading.error(at.value.place, std::move(message)).remedy = std::move(remedy);
  return false;
}

// Whether mode and on_removed make sense together. Deleting what was appended, for one, cannot be meant.
bool check_on_removed(const Sync& sync, const Node& node, Reading& reading) {
  const Entry* entry = node.find("on_removed");
  if (!entry) return true;
  const Reading::Step step(reading, "on_removed");
  const Mode mode = sync.mode;
  const std::string beside =
      fmt::format("'on_removed: {}' makes no sense in mode {}", written(*entry), name_of(mode));
  if (mode == Mode::mirror && sync.on_removed != OnRemoved::remove)
    return refuse(*entry, beside + ", which deletes removed rows", "remove the line, or use mode upsert",
                  reading);
  if (mode == Mode::replace && sync.on_removed != OnRemoved::remove)
    return refuse(*entry, beside + ", where nothing is left of removed rows", "remove the line", reading);
  if (mode == Mode::append && sync.on_removed != OnRemoved::ignore)
    return refuse(*entry, beside + ", which never touches a row again", "remove the line", reading);
  if (mode == Mode::remove && sync.on_removed != OnRemoved::ignore)
    return refuse(*entry, beside + ", where the model lists what is to go", "remove the line", reading);
  if (mode == Mode::insert && sync.on_removed == OnRemoved::clear)
    return refuse(*entry, beside + ", which never changes a record", "remove the line, or use mode upsert",
                  reading);
  return true;
}

bool check_match_and_fields(const Sync& sync, const Node& node, Reading& reading) {
  const bool replaces = sync.mode.value == Mode::replace;
  const bool optional_match = sync.mode.value == Mode::insert || sync.mode.value == Mode::append || replaces;
  bool good = true;
  if (sync.match.empty() && !optional_match) {
    reading
        .error(node.place,
               fmt::format("the field 'match' is missing in a sync of mode {}", name_of(sync.mode)))
        .remedy = "say which field finds a record, for example 'match: { email: email }'";
    good = false;
  }
  // Where records are nothing but what is matched on, there may be none: the connector knows.
  if (sync.fields.empty() && sync.match.empty() && sync.mode.value != Mode::remove) {
    reading
        .error(node.place,
               fmt::format("the field 'fields' is missing in a sync of mode {}", name_of(sync.mode)))
        .remedy = "say what is sent, for example 'fields: { firstname: first_name }'";
    good = false;
  }
  if (const Entry* fields = node.find("fields"); fields && sync.mode.value == Mode::remove)
    reading.warning(fields->key_place, "'fields' are not sent in mode delete").remedy = "remove them";
  for (const auto& rule : sync.fields) {
    if (!replaces || rule.value.write == Write::always) continue;
    reading
        .error(rule.name_place,
               "in mode replace every field is written always: nothing is left of what was there")
        .remedy = "remove 'write', or use mode mirror";
    good = false;
  }
  if (const Entry* change = node.find("match_change"); change && optional_match)
    reading
        .warning(change->key_place, fmt::format("'match_change' does nothing in mode {}", name_of(sync.mode)))
        .remedy = "remove the line";
  return good;
}

// Vendors' field names often ignore case, and two spellings of one field are a slip.
template <class T>
void warn_of_same_names(const std::vector<Named<T>>& fields, Reading& reading) {
  std::vector<std::pair<std::string, const Named<T>*>> lower;
  for (const auto& each : fields) {
    std::string name = each.name;
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    lower.emplace_back(std::move(name), &each);
  }
  std::sort(lower.begin(), lower.end());
  for (size_t i = 1; i < lower.size(); ++i) {
    if (lower[i].first != lower[i - 1].first) continue;
    const Named<T>* first = lower[i - 1].second;
    const Named<T>* second = lower[i].second;
    if (second->name_place < first->name_place) std::swap(first, second);
    declare::Diagnostic& odd = reading.warning(
        second->name_place, fmt::format("'{}' and '{}' differ only in case", second->name, first->name));
    odd.notes.push_back({first->name_place, fmt::format("'{}' is mapped here", first->name)});
    odd.remedy = "keep one of the two";
  }
}

}  // namespace

bool check_sync(const Sync& sync, const Node& node, Reading& reading) {
  warn_of_same_names(sync.fields, reading);
  const bool good = check_on_removed(sync, node, reading);
  return check_match_and_fields(sync, node, reading) && good;
}

}  // namespace penstock::config
