// Structs whose fields are known only at run time: the settings of a source or destination depend on its
// type, and a connector declares its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "declare/shapes.h"
#include "declare/table.h"

namespace penstock::declare {

// Values by name, checked and with defaults applied. A cheap value: copies share what was read.
class Settings {
 public:
  struct Setting {
    std::string name;
    ShapeRef shape;
    std::shared_ptr<void> value;  // of the shape's type; shared: settings never change once read
    Node node;                    // as written, or the default
    Place name_place;             // of the key; of the settings when it is a default
    bool secret = false;
    bool is_default = false;
  };

  Place place;

  bool has(std::string_view name) const { return entry(name) != nullptr; }
  // Null when absent without a default. T must be the type that the setting was declared with.
  template <class T>
  const T* find(std::string_view name) const {
    const Setting* setting = entry(name);
    if (!setting) return nullptr;
    check(setting->shape->type() == typeid(T), "a setting is asked for as what it was declared");
    return static_cast<const T*>(setting->value.get());
  }
  template <class T>
  const T& get(std::string_view name) const {
    const T* value = find<T>(name);
    check(value != nullptr, "a setting without default is looked for before it is taken");
    return *value;
  }
  // Null when absent.
  const Setting* entry(std::string_view name) const;
  const std::vector<Setting>& all() const { return all_; }
  // All ${...} in these settings, at any depth.
  const std::vector<SeenReference>& references() const { return references_; }

  // For the shape that reads them.
  void* emplace(const Field& field);
  void finish(const Node& node, const Table& table, std::vector<SeenReference> references);

 private:
  std::vector<Setting> all_;
  std::vector<SeenReference> references_;
};

// A row of a table of settings; has all of Field's words (required, help, ...).
class SettingField : public Field {
 public:
  using Field::Field;
  explicit SettingField(Field field) : Field(std::move(field)) {}
};

template <class T>
SettingField setting(std::string name, const Of<T>& shape) {
  return SettingField(std::move(name), shape.shape(), nullptr);
}

// The shape of a set of settings. `name` and `help` as in structure().
Of<Settings> settings(std::string name, std::string help, std::vector<SettingField> fields, Rules rules = {});

// The same settings and more; what is in both is taken from `more`.
Of<Settings> with_more(const Of<Settings>& settings, const std::vector<SettingField>& more);

// The settings of one of several types, chosen by the text under `key`. Each alternative reads into Settings.
Of<Settings> settings_by(std::string key, const std::vector<std::pair<std::string, Of<Settings>>>& types);

}  // namespace penstock::declare
