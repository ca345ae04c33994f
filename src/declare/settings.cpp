#include "declare/settings.h"

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

}  // namespace penstock::declare
