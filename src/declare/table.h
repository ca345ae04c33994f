// A struct's shape is one table of fields. From it come the parser, the error texts, the JSON Schema and
// the reference page.
//
//   const Of<Model>& model_shape() {
//     static const Of<Model> shape =
//         structure<Model>("model", "A named query on a source, with a primary key.",
//                          {field<&Model::source>("source", placed(identifier()))
//                               .required().help("The source it is read from.").example("warehouse"),
//                           field<&Model::every>("every", duration()).by_default("15m").help("...")})
//             .place<&Model::place>()
//             .exactly_one({"sql", "table", "dbt"});
//     return shape;
//   }
//
// A member may be X, std::optional<X> or std::unique_ptr<X> for a shape Of<X>.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "declare/shape.h"

namespace penstock::declare {

// One row of a table. Texts are for people, in whole sentences.
class Field {
 public:
  Field(std::string name, ShapeRef shape, std::function<void*(void*)> target)
      : name_(std::move(name)), shape_(std::move(shape)), target_(std::move(target)) {}

  // Absent without a default is an error.
  template <class Self>
  Self&& required(this Self&& self) {
    self.required_ = true;
    return std::forward<Self>(self);
  }
  // Messages and pages never show the value; a value that is written out gets a warning.
  template <class Self>
  Self&& secret(this Self&& self) {
    self.secret_ = true;
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& help(this Self&& self, std::string text) {
    self.help_ = std::move(text);
    return std::forward<Self>(self);
  }
  // As it would be written in YAML.
  template <class Self>
  Self&& example(this Self&& self, std::string yaml) {
    self.example_ = std::move(yaml);
    return std::forward<Self>(self);
  }
  // As it would be written in YAML; read by the same shape when the field is absent.
  template <class Self>
  Self&& by_default(this Self&& self, std::string yaml) {
    self.default_ = std::move(yaml);
    return std::forward<Self>(self);
  }
  // What happens when the field is absent, where that is not a fixed value: "all columns".
  template <class Self>
  Self&& otherwise(this Self&& self, std::string text) {
    self.otherwise_ = std::move(text);
    return std::forward<Self>(self);
  }
  // Still read, with a warning that says what to write instead.
  template <class Self>
  Self&& deprecated(this Self&& self, std::string instead) {
    self.deprecated_ = std::move(instead);
    return std::forward<Self>(self);
  }

  const std::string& name() const { return name_; }
  const Shape& shape() const { return *shape_; }
  const ShapeRef& shape_ref() const { return shape_; }
  bool is_required() const { return required_; }
  bool is_secret() const { return secret_; }
  const std::string& help() const { return help_; }
  const std::string& example() const { return example_; }
  const std::string& default_yaml() const { return default_; }
  const std::string& otherwise() const { return otherwise_; }
  const std::string& deprecated() const { return deprecated_; }
  // The same row, read into another place.
  Field aimed_at(std::function<void*(void*)> target) const {
    Field copy = *this;
    copy.target_ = std::move(target);
    return copy;
  }
  // The place in `object` to read into; an optional is engaged by this.
  void* target(void* object) const { return target_(object); }

 private:
  std::string name_;
  ShapeRef shape_;
  std::function<void*(void*)> target_;
  bool required_ = false;
  bool secret_ = false;
  std::string help_, example_, default_, otherwise_, deprecated_;
};

// What holds between the fields of a table.
struct Rules {
  std::string shorthand;                              // a scalar or list stands for { shorthand: it }
  std::vector<std::vector<std::string>> exactly_one;  // groups of fields
  std::vector<std::vector<std::string>> at_most_one;
  std::vector<std::pair<std::string, std::string>> needs;  // the first makes sense only with the second
  Place* (*place)(void* object) = nullptr;
  std::vector<std::function<bool(const void* object, const Node&, Reading&)>> checks;
};

// The shape of a struct. Its fields are in the order of the table.
class Table : public Shape {
 public:
  Table(const TypeFacts& facts, std::string name, std::string help, std::vector<Field> fields, Rules rules);
  ~Table() override;

  bool read(const Node& node, void* into, Reading& reading) const override;
  // The same for a map in which the key `besides` was already read.
  virtual bool read_besides(const Node& node, std::string_view besides, void* into, Reading& reading) const;
  std::string phrase() const override;
  std::string name() const override { return name_; }
  bool takes(const Node& node) const override;
  void write_schema(SchemaWriter& schema) const override;
  std::vector<const Shape*> parts() const override;
  const Table* table() const override { return this; }

  const std::string& help() const { return help_; }
  const std::vector<Field>& fields() const { return fields_; }
  const Rules& rules() const { return rules_; }
  const Field* find(std::string_view name) const;
  // The default of a field, as if it were written at `place`; a null node when it has none.
  Node default_of(std::string_view name, const Place& place) const;
  // The members of its definition in a JSON Schema, with the property `tag` fixed to `tag_value` when given.
  void write_definition(SchemaWriter& schema, std::string_view tag = "",
                        std::string_view tag_value = "") const;

 private:
  bool read_map(const Node& map, std::string_view besides, void* into, Reading& reading) const;
  bool read_fields(const Node& map, std::string_view besides, void* into, Reading& reading) const;
  bool read_field(const Field& field, const Entry& entry, void* into, Reading& reading) const;
  bool read_defaults(const Node& map, void* into, Reading& reading) const;
  bool check_missing(const Node& map, Reading& reading) const;
  bool is_misspelt(const Field& field, const Node& map) const;
  bool check_groups(const Node& map, Reading& reading) const;
  bool check_group(const Node& map, const std::vector<std::string>& group, bool one_needed,
                   Reading& reading) const;
  bool check_needs(const Node& map, Reading& reading) const;
  void report_unknown(const Entry& entry, Reading& reading) const;
  void write_object(SchemaWriter& schema, std::string_view tag, std::string_view tag_value) const;
  void write_properties(SchemaWriter& schema, std::string_view tag, std::string_view tag_value) const;
  void write_required(SchemaWriter& schema, std::string_view tag) const;
  void write_rules(SchemaWriter& schema) const;

  std::string name_;
  std::string help_;
  std::vector<Field> fields_;
  Rules rules_;
  std::vector<std::string> names_;
  std::vector<std::optional<Node>> defaults_;  // beside fields_
};

// A Field of S, so that a table cannot hold another struct's fields.
template <class S>
class FieldOf : public Field {
 public:
  using Field::Field;
};

namespace internal {

template <class M>
struct MemberPointer;
template <class S, class T>
struct MemberPointer<T S::*> {
  using Owner = S;
  using Member = T;
};
template <class T>
struct Target {
  using Value = T;
  static void* of(T& member) { return &member; }
};
template <class T>
struct Target<std::optional<T>> {
  using Value = T;
  static void* of(std::optional<T>& member) { return &member.emplace(); }
};
template <class T>
struct Target<std::unique_ptr<T>> {
  using Value = T;
  static void* of(std::unique_ptr<T>& member) { return (member = std::make_unique<T>()).get(); }
};
template <auto Member>
using OwnerOf = typename MemberPointer<decltype(Member)>::Owner;
template <auto Member>
using TypeOf = typename MemberPointer<decltype(Member)>::Member;
template <auto Member>
using ValueOf = typename Target<TypeOf<Member>>::Value;

}  // namespace internal

template <auto Member>
FieldOf<internal::OwnerOf<Member>> field(std::string name, const Of<internal::ValueOf<Member>>& shape) {
  using Owner = internal::OwnerOf<Member>;
  return {std::move(name), shape.shape(), [](void* object) {
            return internal::Target<internal::TypeOf<Member>>::of(static_cast<Owner*>(object)->*Member);
          }};
}

// The same for a member that S has from a base.
template <class S, auto Member>
FieldOf<S> inherited(std::string name, const Of<internal::ValueOf<Member>>& shape) {
  return {std::move(name), shape.shape(), [](void* object) {
            return internal::Target<internal::TypeOf<Member>>::of(static_cast<S*>(object)->*Member);
          }};
}

// An Of<S> that can still be told more.
template <class S>
class StructureOf : public Of<S> {
 public:
  StructureOf(std::string name, std::string help, std::vector<Field> fields, Rules rules)
      : Of<S>(std::make_shared<Table>(type_facts<S>(), name, help, fields, rules)),
        name_(std::move(name)),
        help_(std::move(help)),
        fields_(std::move(fields)),
        rules_(std::move(rules)) {}

  // A scalar or list where the map is expected stands for { field: it }.
  StructureOf shorthand(std::string field) const {
    return changed([&](Rules& rules) { rules.shorthand = field; });
  }
  StructureOf exactly_one(std::vector<std::string> fields) const {
    return changed([&](Rules& rules) { rules.exactly_one.push_back(fields); });
  }
  StructureOf at_most_one(std::vector<std::string> fields) const {
    return changed([&](Rules& rules) { rules.at_most_one.push_back(fields); });
  }
  // `field` makes sense only where `other` is given.
  StructureOf needs(std::string field, std::string other) const {
    return changed([&](Rules& rules) { rules.needs.emplace_back(field, other); });
  }
  // A member `Place` that is set to where the struct is written.
  template <auto Member>
  StructureOf place() const {
    return changed([&](Rules& rules) {
      rules.place = [](void* object) -> Place* { return &(static_cast<S*>(object)->*Member); };
    });
  }
  // Called when all fields were read without error. Reports to the Reading and returns false.
  StructureOf check(bool (*check)(const S&, const Node&, Reading&)) const {
    return changed([&](Rules& rules) {
      rules.checks.push_back([check](const void* object, const Node& node, Reading& reading) {
        return check(*static_cast<const S*>(object), node, reading);
      });
    });
  }

 private:
  template <class F>
  StructureOf changed(F change) const {
    Rules rules = rules_;
    change(rules);
    return StructureOf(name_, help_, fields_, std::move(rules));
  }
  std::string name_, help_;
  std::vector<Field> fields_;
  Rules rules_;
};

// `name` is used in messages ("unknown field 'x' in a model") and as the name of its JSON Schema.
template <class S>
StructureOf<S> structure(std::string name, std::string help, std::initializer_list<FieldOf<S>> fields) {
  return {std::move(name), std::move(help), std::vector<Field>(fields.begin(), fields.end()), Rules{}};
}

}  // namespace penstock::declare
