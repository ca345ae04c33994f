// A value on its way through a chain, and what a step may do with it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "transform/transform.h"

namespace penstock::transform {

struct Value {
  bool null = false;
  Form form = Form::text;          // as it came to the step; the chain sets what the step gives
  std::string text;                // of text and json
  std::vector<std::string> items;  // of a list
  std::string why;                 // it cannot be converted: "is not an email address"

  void clear() {
    null = true;
    text.clear();
    items.clear();
  }
  void fail(std::string_view reason) { why = reason; }
};

// Called from several threads at once.
using Step = std::function<void(Value&)>;

// The arguments of one transform, checked against its parameters.
class Arguments {
 public:
  explicit Arguments(const Transform& transform) : transform_(transform) {}
  const Node* find(std::string_view name) const;
  std::string text(std::string_view name, std::string_view otherwise = "") const;
  int64_t integer(std::string_view name, int64_t otherwise) const;
  bool flag(std::string_view name) const;

 private:
  const Transform& transform_;
};

// One row of the table: what is told, and what makes the step. The error's message stands after the
// transform's name: "there is no region 'XX'".
using Make = Result<Step> (*)(const Arguments& arguments);
struct Entry {
  Facts facts;
  Make make;
};
const std::vector<Entry>& table();
const Entry* find_entry(std::string_view name);

// Parts of the table, each beside its steps.
std::vector<Entry> text_entries();
std::vector<Entry> person_entries();
std::vector<Entry> number_entries();
std::vector<Entry> time_entries();
std::vector<Entry> list_entries();
std::vector<Entry> digest_entries();

// Hexadecimal digits of the digest that this transform makes; 0: it makes none.
size_t digest_digits(std::string_view transform);

}  // namespace penstock::transform
