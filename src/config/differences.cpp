#include "config/differences.h"

#include <algorithm>
#include <map>

#include "config/files.h"

namespace penstock::config {
namespace {

// A text that is the same for two nodes that mean the same.
std::string canonical(const Node& node) {
  if (node.is_map()) {
    std::map<std::string, std::string> sorted;
    for (const declare::Entry& entry : node.entries) sorted[entry.key] = canonical(entry.value);
    std::string out = "{";
    for (const auto& [key, value] : sorted) out += as_json(Node::scalar(key)) + ":" + value + ",";
    return out + "}";
  }
  if (!node.is_sequence()) return as_json(node);
  std::string out = "[";
  for (const Node& item : node.items) out += canonical(item) + ",";
  return out + "]";
}

std::string text_at(const Node& node, std::string_view key) {
  const declare::Entry* entry = node.is_map() ? node.find(key) : nullptr;
  return entry != nullptr && entry->value.is_scalar() ? entry->value.text : "";
}

// One side: every definition as a text, by name.
class Side {
 public:
  Side(Disk& disk, const std::string& directory) {
    Diagnostics ignored;
    files_ = read_files(disk, directory, ignored);
    for (Definition& sync : files_.definitions[static_cast<size_t>(Section::syncs)])
      add_defaults(sync.node, files_.defaults);
    for (const std::string& path : files_.connector_files)
      if (auto text = disk.read(join_path(directory, path)); text.ok())
        connectors_[path.substr(path.find('/') + 1, path.rfind('.') - path.find('/') - 1)] = *std::move(text);
  }

  const Definition* find(Section section, std::string_view name) const {
    for (const Definition& each : files_.definitions[static_cast<size_t>(section)])
      if (each.name == name) return &each;
    return nullptr;
  }
  const std::vector<Definition>& syncs() const {
    return files_.definitions[static_cast<size_t>(Section::syncs)];
  }
  std::string text(Section section, std::string_view name) const {
    const Definition* found = find(section, name);
    return found == nullptr ? "" : canonical(found->node) + (found->sql_file ? found->sql_file->text : "");
  }
  std::string connector(const std::string& name) const {
    const auto found = connectors_.find(name);
    return found == connectors_.end() ? "" : found->second;
  }

 private:
  ProjectFiles files_;
  std::map<std::string, std::string> connectors_;
};

class SyncComparison {
 public:
  SyncComparison(const Side& before, const Side& after, const Definition& old_sync,
                 const Definition& new_sync)
      : before_(before), after_(after), old_(old_sync.node), new_(new_sync.node) {}

  std::vector<std::string> what() {
    const std::string model = text_at(new_, "model"), destination = text_at(new_, "destination");
    // What the sync names another one of is told by the name.
    if (model == text_at(old_, "model")) {
      compare_source(model);
      compare(Section::models, model);
    }
    if (destination == text_at(old_, "destination")) {
      compare_connector(destination);
      compare(Section::destinations, destination);
    }
    compare_keys(old_, new_, "");
    return std::move(what_);
  }

 private:
  void compare(Section section, const std::string& name) {
    if (before_.text(section, name) != after_.text(section, name))
      what_.push_back(std::string(one_of(section)) + " " + name);
  }

  void compare_source(const std::string& model) {
    const Definition* found = after_.find(Section::models, model);
    if (found != nullptr) compare(Section::sources, text_at(found->node, "source"));
  }

  void compare_connector(const std::string& destination) {
    const Definition* found = after_.find(Section::destinations, destination);
    if (found == nullptr) return;
    const std::string type = text_at(found->node, "type");
    if (before_.connector(type) != after_.connector(type)) what_.push_back("connector " + type);
  }

  void compare_keys(const Node& before, const Node& after, const std::string& path) {
    std::vector<std::string> keys;
    for (const Node* node : {&after, &before})
      if (node->is_map())
        for (const declare::Entry& entry : node->entries)
          if (std::ranges::find(keys, entry.key) == keys.end()) keys.push_back(entry.key);
    for (const std::string& key : keys) {
      const declare::Entry* was = before.is_map() ? before.find(key) : nullptr;
      const declare::Entry* is = after.is_map() ? after.find(key) : nullptr;
      if (was != nullptr && is != nullptr && canonical(was->value) == canonical(is->value)) continue;
      const bool deeper = path.empty() && (key == "fields" || key == "match") && was != nullptr &&
                          is != nullptr && was->value.is_map() && is->value.is_map();
      if (deeper)
        compare_keys(was->value, is->value, key + ".");
      else
        what_.push_back(path + key);
    }
  }

  const Side& before_;
  const Side& after_;
  const Node& old_;
  const Node& new_;
  std::vector<std::string> what_;
};

}  // namespace

std::string_view name_of(SyncDifference::Kind kind) {
  switch (kind) {
    case SyncDifference::Kind::added:
      return "added";
    case SyncDifference::Kind::changed:
      return "changed";
    case SyncDifference::Kind::removed:
      return "removed";
  }
  return "";
}

std::vector<SyncDifference> sync_differences(Disk& before, Disk& after, const std::string& directory) {
  const Side old_side(before, directory), new_side(after, directory);
  std::vector<SyncDifference> out;
  for (const Definition& sync : new_side.syncs()) {
    const Definition* was = old_side.find(Section::syncs, sync.name);
    if (was == nullptr) {
      out.push_back({sync.name, SyncDifference::Kind::added, {}});
      continue;
    }
    auto what = SyncComparison(old_side, new_side, *was, sync).what();
    if (!what.empty()) out.push_back({sync.name, SyncDifference::Kind::changed, std::move(what)});
  }
  for (const Definition& sync : old_side.syncs())
    if (new_side.find(Section::syncs, sync.name) == nullptr)
      out.push_back({sync.name, SyncDifference::Kind::removed, {}});
  std::ranges::sort(out, {}, &SyncDifference::sync);
  return out;
}

}  // namespace penstock::config
