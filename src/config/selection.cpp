#include "config/selection.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "declare/nearest.h"

namespace penstock::config {
namespace {

using Syncs = std::vector<const Sync*>;

// What a selector looks at: the values of one sync, and what is said when none has the value.
struct Selector {
  std::string_view name;     // "tag"
  std::string_view nothing;  // "no sync has the tag"
  std::vector<std::string> (*values)(const Project&, const Sync&);
};

std::vector<std::string> source_of(const Project& project, const Sync& sync) {
  const Model* model = project.model(*sync.model);
  return model == nullptr ? std::vector<std::string>() : std::vector<std::string>{*model->source};
}

std::vector<std::string> owner_of(const Project& project, const Sync& sync) {
  if (!sync.owner.empty()) return {sync.owner};
  const Model* model = project.model(*sync.model);
  return model == nullptr || model->owner.empty() ? std::vector<std::string>()
                                                  : std::vector<std::string>{model->owner};
}

using Values = std::vector<std::string>;
constexpr Selector kSelectors[] = {
    {"tag", "no sync has the tag", [](const Project&, const Sync& sync) { return sync.tags; }},
    {"destination", "no sync writes to a destination",
     [](const Project&, const Sync& sync) { return Values{*sync.destination}; }},
    {"source", "no sync reads from a source", source_of},
    {"model", "no sync carries a model",
     [](const Project&, const Sync& sync) { return Values{*sync.model}; }},
    {"owner", "no sync has the owner", owner_of}};

bool is_pattern(const std::string& text) {
  return text.find_first_of("*?[") != std::string::npos;
}

bool fits(const std::string& pattern, const std::string& text) {
  return pattern == text || ::fnmatch(pattern.c_str(), text.c_str(), FNM_NOESCAPE) == 0;
}

Error not_understood(std::string message, std::string remedy) {
  return {ErrorKind::config, std::move(message), std::move(remedy)};
}

// The nearest valid name, then what there is.
std::string near(const std::string& name, const Values& known, const std::string& all) {
  const std::string hint = declare::did_you_mean(name, known);
  return hint.empty() ? all : fmt::format("{} ({})", hint, all);
}

// A part of a word, such as `tag:finance`: the syncs that it fits, and whether it calls one by its very name.
struct Part {
  std::set<const Sync*> syncs;
  bool exact = false;
};

class Words {
 public:
  Words(const Project& project, const Syncs& order) : project_(project), order_(order) {}

  // All parts of the word must hold.
  Result<Part> word(const std::string& word) const {
    std::optional<Part> all;
    for (size_t begin = 0; begin <= word.size();) {
      const size_t end = std::min(word.find(',', begin), word.size());
      auto one = part(word.substr(begin, end - begin), word);
      if (!one.ok()) return one.error();
      if (all) {
        std::erase_if(all->syncs, [&](const Sync* sync) { return !one->syncs.contains(sync); });
        all->exact = all->exact || one->exact;
      } else {
        all = *std::move(one);
      }
      begin = end + 1;
    }
    if (all->syncs.empty())
      return not_understood(
          fmt::format("no sync fits all of '{}'", word),
          "parts that are joined by commas must all hold; separate them by spaces where any is enough");
    return *std::move(all);
  }

 private:
  Result<Part> part(const std::string& text, const std::string& word) const {
    if (text.empty())
      return not_understood(
          word.empty() ? "a selector is empty" : fmt::format("'{}' has an empty part", word),
          "write names, patterns and selectors such as tag:x, separated by commas");
    const size_t colon = text.find(':');
    return colon == std::string::npos ? named(text) : selected(text.substr(0, colon), text.substr(colon + 1));
  }

  Result<Part> named(const std::string& name) const {
    Part part;
    Values known;
    for (const auto* sync : order_) {
      known.push_back(sync->name);
      if (fits(name, sync->name)) part.syncs.insert(sync);
    }
    part.exact = !is_pattern(name);
    if (!part.syncs.empty()) return part;
    return not_understood(
        part.exact ? fmt::format("there is no sync '{}'", name)
                   : fmt::format("no sync has a name like '{}'", name),
        near(part.exact ? name : "", known, fmt::format("syncs: {}", declare::list_names(known))));
  }

  Result<Part> selected(const std::string& name, const std::string& value) const {
    const auto* selector = std::find_if(std::begin(kSelectors), std::end(kSelectors),
                                        [&](const Selector& one) { return one.name == name; });
    if (selector == std::end(kSelectors)) return unknown_selector(name);
    if (value.empty())
      return not_understood(fmt::format("'{}:' is without a value", name),
                            fmt::format("write {}:NAME, or {}:* for any", name, name));
    Part part;
    std::set<std::string> known;
    for (const auto* sync : order_)
      for (const auto& own : selector->values(project_, *sync)) {
        known.insert(own);
        if (fits(value, own)) part.syncs.insert(sync);
      }
    if (!part.syncs.empty()) return part;
    const Values names(known.begin(), known.end());
    return not_understood(
        fmt::format("{} '{}'", selector->nothing, value),
        near(value, names,
             names.empty() ? "none of the syncs has one"
                           : fmt::format("there is {}", declare::list_names(names, 12, "and"))));
  }

  static Error unknown_selector(const std::string& name) {
    Values known;
    for (const auto& one : kSelectors) known.emplace_back(one.name);
    return not_understood(
        fmt::format("there is no selector '{}:'", name),
        near(name, known, fmt::format("selectors: {}", declare::list_names(selector_names()))));
  }

  const Project& project_;
  const Syncs& order_;
};

// A sync that runs after another comes after it.
void add_in_order(const Project& project, const Sync& sync, std::set<std::string>& done, Syncs& order) {
  if (!done.insert(sync.name).second) return;
  if (sync.schedule)
    for (const auto& after : sync.schedule->after)
      if (const auto* earlier = project.sync(*after)) add_in_order(project, *earlier, done, order);
  order.push_back(&sync);
}

// What a selection means by itself, without syncs that are paused.
void leave_out_paused(Part& part) {
  if (!part.exact) std::erase_if(part.syncs, [](const Sync* sync) { return sync->paused; });
}

}  // namespace

std::vector<const Sync*> in_order(const Project& project) {
  Syncs order;
  std::set<std::string> done;
  for (const auto& sync : project.syncs) add_in_order(project, sync, done, order);
  return order;
}

std::vector<std::string> selector_names() {
  Values names;
  for (const auto& one : kSelectors) names.push_back(fmt::format("{}:", one.name));
  return names;
}

Result<std::vector<const Sync*>> select_syncs(const Project& project, const std::vector<std::string>& words,
                                              Paused paused) {
  Syncs order = in_order(project);
  if (order.empty() && words.empty())
    return not_understood("this project has no syncs to run", "write one in syncs/NAME.yaml");
  Part chosen;
  if (words.empty()) chosen.syncs.insert(order.begin(), order.end());
  if (words.empty() && paused == Paused::left_out) leave_out_paused(chosen);
  const Words understood(project, order);
  for (const auto& word : words) {
    auto part = understood.word(word);
    if (!part.ok()) return part.error();
    if (paused == Paused::left_out) leave_out_paused(*part);
    chosen.syncs.merge(part->syncs);
  }
  std::erase_if(order, [&](const Sync* sync) { return !chosen.syncs.contains(sync); });
  if (order.empty())
    return not_understood(
        words.empty() ? "all syncs of this project are paused" : "all syncs that are selected are paused",
        "name one to run it all the same, or remove `paused: true` from its file");
  return order;
}

}  // namespace penstock::config
