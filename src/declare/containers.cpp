// Shapes made of other shapes: lists, maps, values with their place, and shapes that hold themselves.
#include <fmt/format.h>

#include "declare/schema.h"
#include "declare/shapes.h"

namespace penstock::declare::internal {
namespace {

class ListShape : public Shape {
 public:
  ListShape(const TypeFacts& type, ShapeRef item, ListAccess access, ListRules rules)
      : Shape(type), item_(std::move(item)), access_(access), rules_(std::move(rules)) {}

  bool takes(const Node& node) const override {
    return node.is_sequence() || (rules_.one_allowed && item_->takes(node));
  }

  bool read(const Node& node, void* into, Reading& reading) const override {
    if (!node.is_sequence()) {
      if (rules_.one_allowed && item_->takes(node)) return item_->read(node, access_.append(into), reading);
      return refuse(node, reading);
    }
    if (node.items.size() < rules_.min || node.items.size() > rules_.max) return refuse(node, reading);
    bool good = true;
    for (size_t i = 0; i < node.items.size(); ++i) {
      const Reading::Step step(reading, i);
      good = item_->read(node.items[i], access_.append(into), reading) && good;
    }
    return good;
  }

  std::string phrase() const override {
    if (!rules_.what.empty()) return rules_.what;
    std::string size;
    if (rules_.max != std::numeric_limits<size_t>::max())
      size = fmt::format(" of at most {}", rules_.max);
    else if (rules_.min > 0)
      size = " that is not empty";
    return rules_.one_allowed ? fmt::format("{}, or a list{}", item_->phrase(), size) : "a list" + size;
  }
  std::string name() const override {
    return rules_.one_allowed ? item_->name() + ", or a list" : "list of " + item_->name();
  }

  void write_schema(SchemaWriter& schema) const override {
    JsonWriter& json = schema.json();
    if (!rules_.one_allowed) return write_list(schema);
    json.key("anyOf").begin_array().begin_object();
    item_->write_schema(schema);
    json.end_object().begin_object();
    write_list(schema);
    json.end_object().end_array();
  }
  std::vector<const Shape*> parts() const override { return {item_.get()}; }
  std::vector<std::pair<std::string, std::string>> choices() const override { return item_->choices(); }

 private:
  bool refuse(const Node& node, Reading& reading) const {
    Diagnostic& wrong = reading.unexpected(node, phrase());
    if (node.is_scalar()) wrong.remedy = "write it as a list, in [ ]";
    return false;
  }
  void write_list(SchemaWriter& schema) const {
    JsonWriter& json = schema.json();
    json.key("type").text("array").key("items").begin_object();
    item_->write_schema(schema);
    json.end_object();
    if (rules_.min > 0) json.key("minItems").integer(static_cast<int64_t>(rules_.min));
    if (rules_.max != std::numeric_limits<size_t>::max())
      json.key("maxItems").integer(static_cast<int64_t>(rules_.max));
  }

  ShapeRef item_;
  ListAccess access_;
  ListRules rules_;
};

class MapShape : public Shape {
 public:
  MapShape(const TypeFacts& type, ShapeRef key, ShapeRef item, MapAccess access, MapRules rules)
      : Shape(type),
        key_(std::move(key)),
        item_(std::move(item)),
        access_(access),
        rules_(std::move(rules)) {}

  bool takes(const Node& node) const override { return node.is_map(); }

  bool read(const Node& node, void* into, Reading& reading) const override {
    if (!node.is_map() || node.entries.size() < rules_.min) {
      reading.unexpected(node, phrase());
      return false;
    }
    bool good = true;
    for (const Entry& entry : node.entries) {
      const Reading::Step step(reading, entry.key);
      std::string key;
      if (!key_->read(Node::scalar(entry.key, entry.key_place), &key, reading)) good = false;
      void* value = access_.append(into, entry.key, entry.key_place);
      good = item_->read(entry.value, value, reading) && good;
    }
    return good;
  }

  std::string phrase() const override {
    if (!rules_.what.empty()) return rules_.what;
    return rules_.min > 0 ? "a map that is not empty" : "a map";
  }
  std::string name() const override { return fmt::format("map of {} to {}", key_->name(), item_->name()); }

  void write_schema(SchemaWriter& schema) const override {
    JsonWriter& json = schema.json();
    json.key("type").text("object").key("additionalProperties").begin_object();
    item_->write_schema(schema);
    json.end_object();
    if (rules_.min > 0) json.key("minProperties").integer(static_cast<int64_t>(rules_.min));
  }
  std::vector<const Shape*> parts() const override { return {item_.get()}; }

 private:
  ShapeRef key_, item_;
  MapAccess access_;
  MapRules rules_;
};

class PlacedShape : public Shape {
 public:
  PlacedShape(const TypeFacts& type, ShapeRef inner, PlacedAccess access)
      : Shape(type), inner_(std::move(inner)), access_(access) {}

  bool takes(const Node& node) const override { return inner_->takes(node); }
  bool read(const Node& node, void* into, Reading& reading) const override {
    *access_.place(into) = node.place;
    return inner_->read(node, access_.value(into), reading);
  }
  std::string phrase() const override { return inner_->phrase(); }
  std::string name() const override { return inner_->name(); }
  void write_schema(SchemaWriter& schema) const override { inner_->write_schema(schema); }
  std::vector<const Shape*> parts() const override { return {inner_.get()}; }
  const Table* table() const override { return inner_->table(); }
  std::vector<std::pair<std::string, std::string>> choices() const override { return inner_->choices(); }

 private:
  ShapeRef inner_;
  PlacedAccess access_;
};

// The inner shape is asked for late, because it may be under construction when this one is made.
class LaterShape : public Shape {
 public:
  LaterShape(const TypeFacts& type, std::function<const Shape*()> shape)
      : Shape(type), shape_(std::move(shape)) {}

  bool takes(const Node& node) const override { return shape_()->takes(node); }
  bool read(const Node& node, void* into, Reading& reading) const override {
    return shape_()->read(node, into, reading);
  }
  std::string phrase() const override { return shape_()->phrase(); }
  std::string name() const override { return shape_()->name(); }
  void write_schema(SchemaWriter& schema) const override { schema.refer_to(*shape_()); }
  std::vector<const Shape*> parts() const override { return {shape_()}; }
  const Table* table() const override { return shape_()->table(); }

 private:
  std::function<const Shape*()> shape_;
};

}  // namespace

ShapeRef make_list(const TypeFacts& type, ShapeRef item, ListAccess access, ListRules rules) {
  return std::make_shared<ListShape>(type, std::move(item), access, std::move(rules));
}

ShapeRef make_map(const TypeFacts& type, ShapeRef key, ShapeRef item, MapAccess access, MapRules rules) {
  return std::make_shared<MapShape>(type, std::move(key), std::move(item), access, std::move(rules));
}

ShapeRef make_placed(const TypeFacts& type, ShapeRef inner, PlacedAccess access) {
  return std::make_shared<PlacedShape>(type, std::move(inner), access);
}

ShapeRef make_later(const TypeFacts& type, std::function<const Shape*()> shape) {
  return std::make_shared<LaterShape>(type, std::move(shape));
}

}  // namespace penstock::declare::internal
