// Shapes that are one of several: a name out of a closed list, or one of several shapes.
#include <fmt/format.h>

#include <algorithm>

#include "declare/nearest.h"
#include "declare/schema.h"
#include "declare/shapes.h"
#include "declare/table.h"

namespace penstock::declare {
namespace internal {
namespace {

class ChoiceShape : public Shape {
 public:
  ChoiceShape(const TypeFacts& type, std::vector<ChoiceName> choices, void (*set)(void*, int64_t))
      : Shape(type), choices_(std::move(choices)), set_(set) {
    for (const ChoiceName& choice : choices_) names_.push_back(choice.name);
  }

  bool takes(const Node& node) const override { return node.is_scalar(); }
  bool read(const Node& node, void* into, Reading& reading) const override {
    if (node.is_scalar())
      for (const ChoiceName& choice : choices_)
        if (choice.name == node.text) {
          set_(into, choice.value);
          return true;
        }
    Diagnostic& wrong = reading.unexpected(node, phrase());
    if (node.is_scalar()) wrong.hint = did_you_mean(node.text, names_);
    return false;
  }
  std::string phrase() const override { return (names_.size() == 1 ? "" : "one of ") + list_names(names_); }
  std::string name() const override {
    std::string out;
    for (const std::string& each : names_) out += (out.empty() ? "`" : ", `") + each + "`";
    return out;
  }
  void write_schema(SchemaWriter& schema) const override {
    JsonWriter& json = schema.json();
    json.key("enum").begin_array();
    for (const std::string& each : names_) json.text(each);
    json.end_array().key("enumDescriptions").begin_array();  // shown by editors
    for (const ChoiceName& choice : choices_) json.text(choice.help);
    json.end_array();
  }
  std::vector<std::pair<std::string, std::string>> choices() const override {
    std::vector<std::pair<std::string, std::string>> out;
    for (const ChoiceName& choice : choices_) out.emplace_back(choice.name, choice.help);
    return out;
  }

 private:
  std::vector<ChoiceName> choices_;
  std::vector<std::string> names_;
  void (*set_)(void*, int64_t);
};

// What the three ways to choose a shape share.
class AlternativesShape : public Shape {
 public:
  AlternativesShape(const TypeFacts& type, std::vector<AlternativeFacts> alternatives)
      : Shape(type), alternatives_(std::move(alternatives)) {
    for (const auto& each : alternatives_) names_.push_back(each.name);
  }
  std::vector<const Shape*> parts() const override {
    std::vector<const Shape*> out;
    for (const auto& each : alternatives_) out.push_back(each.shape.get());
    return out;
  }

 protected:
  const AlternativeFacts* find(std::string_view name) const {
    for (const auto& each : alternatives_)
      if (each.name == name) return &each;
    return nullptr;
  }

  std::vector<AlternativeFacts> alternatives_;
  std::vector<std::string> names_;
};

class TaggedShape : public AlternativesShape {
 public:
  TaggedShape(const TypeFacts& type, std::string key, std::vector<AlternativeFacts> alternatives)
      : AlternativesShape(type, std::move(alternatives)), key_(std::move(key)) {}

  bool takes(const Node& node) const override { return node.is_map(); }
  bool read(const Node& node, void* into, Reading& reading) const override {
    if (!node.is_map()) {
      reading.unexpected(node, phrase());
      return false;
    }
    const Entry* tag = node.find(key_);
    if (!tag) {
      reading.error(node.place, fmt::format("the field '{}' is missing; expected {}", key_, one_of_them()))
          .remedy = fmt::format("add '{}: {}'", key_, names_[0]);
      return false;
    }
    const AlternativeFacts* chosen = tag->value.is_scalar() ? find(tag->value.text) : nullptr;
    if (!chosen) {
      const Reading::Step step(reading, key_);
      reading.unexpected(tag->value, one_of_them()).hint =
          tag->value.is_scalar() ? did_you_mean(tag->value.text, names_) : "";
      return false;
    }
    const Table* table = chosen->shape->table();
    check(table != nullptr, "an alternative chosen by a tag is a struct");
    return table->read_besides(node, key_, chosen->emplace(into), reading);
  }

  std::string phrase() const override { return fmt::format("a map with '{}': {}", key_, one_of_them()); }
  std::string name() const override { return fmt::format("map by `{}`", key_); }
  void write_schema(SchemaWriter& schema) const override {
    JsonWriter& json = schema.json();
    json.key("oneOf").begin_array();
    for (const auto& each : alternatives_) {
      json.begin_object();
      schema.refer_to(*each.shape->table(), key_, each.name);
      json.end_object();
    }
    json.end_array();
  }
  std::vector<std::pair<std::string, std::string>> choices() const override {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& each : alternatives_) out.emplace_back(each.name, each.help);
    return out;
  }

 private:
  std::string one_of_them() const { return (names_.size() == 1 ? "" : "one of ") + list_names(names_); }
  std::string key_;
};

class KeyedShape : public AlternativesShape {
 public:
  using AlternativesShape::AlternativesShape;

  bool takes(const Node& node) const override { return node.is_map(); }
  bool read(const Node& node, void* into, Reading& reading) const override {
    if (!node.is_map() || node.entries.size() != 1) {
      reading.unexpected(node, phrase());
      return false;
    }
    const Entry& entry = node.entries[0];
    const AlternativeFacts* chosen = find(entry.key);
    if (!chosen) {
      Diagnostic& wrong = reading.error(
          entry.key_place, fmt::format("'{}' is not known here; expected {}", entry.key, list_names(names_)));
      wrong.hint = did_you_mean(entry.key, names_);
      return false;
    }
    const Reading::Step step(reading, entry.key);
    return chosen->shape->read(entry.value, chosen->emplace(into), reading);
  }

  std::string phrase() const override { return "a map with exactly one of " + list_names(names_); }
  std::string name() const override { return "one of " + list_names(names_); }
  void write_schema(SchemaWriter& schema) const override {
    JsonWriter& json = schema.json();
    json.key("oneOf").begin_array();
    for (const auto& each : alternatives_) {
      json.begin_object().key("type").text("object").key("properties").begin_object();
      json.key(each.name).begin_object();
      each.shape->write_schema(schema);
      json.text_if("description", each.help).end_object().end_object();
      json.key("required").begin_array().text(each.name).end_array();
      json.key("additionalProperties").boolean(false).end_object();
    }
    json.end_array();
  }
  std::vector<std::pair<std::string, std::string>> choices() const override {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& each : alternatives_) out.emplace_back(each.name, each.help);
    return out;
  }
};

class ByFormShape : public AlternativesShape {
 public:
  using AlternativesShape::AlternativesShape;

  bool takes(const Node& node) const override { return choose(node) != nullptr; }
  bool read(const Node& node, void* into, Reading& reading) const override {
    const AlternativeFacts* chosen = choose(node);
    if (chosen) return chosen->shape->read(node, chosen->emplace(into), reading);
    reading.unexpected(node, phrase());
    return false;
  }

  std::string phrase() const override { return joined(", or ", &Shape::phrase); }
  std::string name() const override { return joined(", or ", &Shape::name); }
  void write_schema(SchemaWriter& schema) const override {
    JsonWriter& json = schema.json();
    json.key("anyOf").begin_array();
    for (const auto& each : alternatives_) {
      json.begin_object();
      each.shape->write_schema(schema);
      json.end_object();
    }
    json.end_array();
  }

 private:
  const AlternativeFacts* choose(const Node& node) const {
    switch (node.kind) {
      case Node::Kind::scalar:
        return find("scalar");
      case Node::Kind::sequence:
        return find("list");
      case Node::Kind::map:
        return find("map");
      case Node::Kind::null:
        break;
    }
    return nullptr;
  }
  std::string joined(std::string_view between, std::string (Shape::*words)() const) const {
    std::string out;
    for (const auto& each : alternatives_) {
      if (!out.empty()) out += between;
      out += (each.shape.get()->*words)();
    }
    return out;
  }
};

}  // namespace

ShapeRef make_choice(const TypeFacts& type, std::vector<ChoiceName> names, void (*set)(void*, int64_t)) {
  return std::make_shared<ChoiceShape>(type, std::move(names), set);
}

ShapeRef make_tagged(const TypeFacts& type, std::string key, std::vector<AlternativeFacts> alternatives) {
  return std::make_shared<TaggedShape>(type, std::move(key), std::move(alternatives));
}

ShapeRef make_keyed(const TypeFacts& type, std::vector<AlternativeFacts> alternatives) {
  return std::make_shared<KeyedShape>(type, std::move(alternatives));
}

ShapeRef make_by_form(const TypeFacts& type, std::vector<AlternativeFacts> alternatives) {
  for (const auto& each : alternatives)
    check(each.name == "scalar" || each.name == "list" || each.name == "map",
          "a form is scalar, list or map");
  return std::make_shared<ByFormShape>(type, std::move(alternatives));
}

}  // namespace internal

Of<std::string> choice_of(std::vector<std::pair<std::string, std::string>> names_and_help) {
  std::vector<std::string> names;
  JsonWriter schema;
  schema.begin_object().key("enum").begin_array();
  for (const auto& [name, help] : names_and_help) {
    names.push_back(name);
    schema.text(name);
  }
  schema.end_array().end_object();
  const std::string phrase = (names.size() == 1 ? "" : "one of ") + list_names(names);
  return custom<std::string>(
      {"name", phrase, schema.str()}, [names, phrase](const Node& node, std::string& into, Reading& reading) {
        const bool known =
            node.is_scalar() && std::find(names.begin(), names.end(), node.text) != names.end();
        if (known) {
          into = node.text;
          return true;
        }
        Diagnostic& wrong = reading.unexpected(node, phrase);
        if (node.is_scalar()) wrong.hint = did_you_mean(node.text, names);
        return false;
      });
}

}  // namespace penstock::declare
