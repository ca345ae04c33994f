#include "declare/settings.h"

#include <algorithm>

namespace penstock::declare {
namespace {

class SettingsTable : public Table {
 public:
  using Table::Table;

  bool read_besides(const Node& node, std::string_view besides, void* into, Reading& reading) const override {
    auto& settings = *static_cast<Settings*>(into);
    const size_t seen = reading.references().size();
    const bool good = Table::read_besides(node, besides, into, reading);
    const auto& references = reading.references();
    settings.finish(node, *this, {references.begin() + static_cast<std::ptrdiff_t>(seen), references.end()});
    return good;
  }
};

}  // namespace

const Settings::Setting* Settings::entry(std::string_view name) const {
  for (const Setting& setting : all_)
    if (setting.name == name) return &setting;
  return nullptr;
}

void* Settings::emplace(const Field& field) {
  all_.push_back({field.name(), field.shape_ref(), field.shape().make(), {}, {}, field.is_secret(), false});
  return all_.back().value.get();
}

void Settings::finish(const Node& node, const Table& table, std::vector<SeenReference> references) {
  place = node.place;
  references_ = std::move(references);
  for (Setting& setting : all_) {
    const Entry* written = node.find(setting.name);
    setting.is_default = written == nullptr;
    setting.name_place = written ? written->key_place : node.place;
    setting.node = written ? written->value : table.default_of(setting.name, node.place);
  }
}

Of<Settings> settings(std::string name, std::string help, std::vector<SettingField> fields, Rules rules) {
  std::vector<Field> table;
  for (const Field& field : fields)
    table.push_back(
        field.aimed_at([field](void* object) { return static_cast<Settings*>(object)->emplace(field); }));
  return Of<Settings>(std::make_shared<SettingsTable>(type_facts<Settings>(), std::move(name),
                                                      std::move(help), std::move(table), std::move(rules)));
}

Of<Settings> with_more(const Of<Settings>& settings, const std::vector<SettingField>& more) {
  const Table& table = *settings->table();
  std::vector<SettingField> fields;
  for (const Field& field : table.fields()) {
    const bool replaced =
        std::any_of(more.begin(), more.end(), [&](const Field& each) { return each.name() == field.name(); });
    if (!replaced) fields.emplace_back(field);
  }
  fields.insert(fields.end(), more.begin(), more.end());
  return declare::settings(table.name(), table.help(), std::move(fields), table.rules());
}

Of<Settings> settings_by(std::string key, const std::vector<std::pair<std::string, Of<Settings>>>& types) {
  std::vector<internal::AlternativeFacts> alternatives;
  for (const auto& [name, shape] : types)
    alternatives.push_back(
        {name, shape.shape(), [](void* settings) { return settings; }, shape->table()->help()});
  return Of<Settings>(internal::make_tagged(type_facts<Settings>(), std::move(key), std::move(alternatives)));
}

}  // namespace penstock::declare
