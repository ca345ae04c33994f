// What a shape says about itself: JSON Schema for editors, Markdown for the reference pages.
#pragma once

#include <string>
#include <vector>

#include "declare/json.h"
#include "declare/shape.h"

namespace penstock::declare {

// A JSON Schema (draft 2020-12) as pretty JSON, without a line feed at the end. Structs stand under $defs.
std::string json_schema(const Shape& shape);

// Markdown: for each struct reachable from the shape a heading of `level`, its help and a table of its
// fields; structs named in `elsewhere` are not repeated.
std::string reference_page(const Shape& shape, int level = 2, const std::vector<std::string>& elsewhere = {});

// Used by shapes to describe themselves.
class SchemaWriter {
 public:
  explicit SchemaWriter(JsonWriter& json) : json_(json) {}
  JsonWriter& json() { return json_; }
  // The member "$ref" to the shape's definition, which is written once, at the end. A table may stand there
  // with its property `tag` fixed to `tag_value`.
  void refer_to(const Shape& shape, std::string_view tag = "", std::string_view tag_value = "");
  // Writes "$defs" with everything referred to; call inside the outermost object.
  void write_definitions();

 private:
  struct Definition {
    std::string name;
    const Shape* shape;
    std::string tag, tag_value;
  };

  JsonWriter& json_;
  std::vector<Definition> definitions_;
};

}  // namespace penstock::declare
