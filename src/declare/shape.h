// What a value in a file may look like. One Shape reads it into a C++ object, says what was expected when
// it cannot, and describes itself for JSON Schemas and reference pages.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "declare/diagnostics.h"
#include "declare/node.h"
#include "declare/reference.h"

namespace penstock::declare {

class Shape;
class Table;
using ShapeRef = std::shared_ptr<const Shape>;  // shared: one shape stands in many tables

// A reference that was read, for checks that look over all of them.
struct SeenReference {
  Reference reference;
  std::string path;
};

// One pass over one document: where its errors go, and how deep we are. Not thread-safe.
class Reading {
 public:
  explicit Reading(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // Errors and warnings with the path and the place; the reference is good until the next one.
  Diagnostic& error(const Place& at, std::string message);
  Diagnostic& warning(const Place& at, std::string message);
  // "expected PHRASE, found ..."; concealed where it is a secret. `phrase` is a Shape's: "a duration such as
  // 15m".
  Diagnostic& unexpected(const Node& found, std::string_view phrase);

  // Values read inside are secrets: messages do not show them.
  bool secret() const { return secrets_ > 0; }
  std::string path() const;
  std::vector<SeenReference>& references() { return references_; }

  // Into a field, an entry or an item, for as long as the object lives.
  class Step {
   public:
    Step(Reading& reading, std::string name, bool secret = false);
    Step(Reading& reading, size_t index);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reading& reading_;
    bool secret_;
  };

 private:
  Diagnostics& diagnostics_;
  std::vector<std::string> steps_;
  int secrets_ = 0;
  std::vector<SeenReference> references_;
};

class SchemaWriter;

// The C++ type that a shape reads into.
struct TypeFacts {
  const std::type_info* type;
  std::shared_ptr<void> (*make)();
};

template <class T>
const TypeFacts& type_facts() {
  static const TypeFacts facts{&typeid(T), +[]() -> std::shared_ptr<void> { return std::make_shared<T>(); }};
  return facts;
}

// Immutable after construction, so safe to share between threads.
class Shape {
 public:
  explicit Shape(const TypeFacts& facts) : facts_(facts) {}
  virtual ~Shape() = default;
  Shape(const Shape&) = delete;
  Shape& operator=(const Shape&) = delete;

  // `into` is an object of type(). False when an error was reported; `into` then holds what could be read.
  virtual bool read(const Node& node, void* into, Reading& reading) const = 0;
  // After "expected": "a duration such as 15m or 1h30m".
  virtual std::string phrase() const = 0;
  // In the type column of a reference page: "duration".
  virtual std::string name() const = 0;
  // Whether a value of this form (scalar, list, map) can be meant at all, whatever is in it.
  virtual bool takes(const Node& node) const = 0;
  // The members of its JSON Schema, without description and default, into an object that is open.
  virtual void write_schema(SchemaWriter& schema) const = 0;
  // The shapes this one is made of, so that pages can follow them.
  virtual std::vector<const Shape*> parts() const { return {}; }
  // The field table, when this is a struct.
  virtual const Table* table() const { return nullptr; }
  // A choice's values with their help, for reference pages.
  virtual std::vector<std::pair<std::string, std::string>> choices() const { return {}; }

  const std::type_info& type() const { return *facts_.type; }
  std::shared_ptr<void> make() const { return facts_.make(); }

 private:
  const TypeFacts& facts_;
};

// A shape that is known to read into a T.
template <class T>
class Of {
 public:
  explicit Of(ShapeRef shape) : shape_(std::move(shape)) {}
  const Shape& operator*() const { return *shape_; }
  const Shape* operator->() const { return shape_.get(); }
  const ShapeRef& shape() const { return shape_; }

 private:
  ShapeRef shape_;
};

// Reads `node` into `into`; true when nothing was wrong with it.
template <class T>
bool read(const Of<T>& shape, const Node& node, T& into, Reading& reading) {
  return shape->read(node, &into, reading);
}
template <class T>
bool read(const Of<T>& shape, const Node& node, T& into, Diagnostics& diagnostics) {
  Reading reading(diagnostics);
  return shape->read(node, &into, reading);
}

}  // namespace penstock::declare
