// The shapes of everything that is not a struct. Each function makes one; they compose by declaration:
//   list(placed(identifier())).or_one()      map_of(text())      choice<Mode>({{"upsert", Mode::upsert,
//   "..."}})
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "declare/shape.h"
#include "declare/units.h"

namespace penstock::declare {

// ---- Scalars ----------------------------------------------------------------------------------------

// Text with something in it. Numbers and booleans are taken as they are written.
Of<std::string> text();
// `what` is the phrase: "the SQL of a query".
Of<std::string> text(std::string what);
// May be empty.
Of<std::string> any_text();
// A letter, then letters, digits, '_' and '-'.
Of<std::string> identifier();
Of<std::string> url();
Of<bool> boolean();

struct IntegerRange {
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
};
// `what` as a phrase, "a number of rows"; the range is added to it.
Of<int64_t> integer(IntegerRange range = {}, std::string what = "a whole number");
struct NumberRange {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};
Of<double> number(NumberRange range = {}, std::string what = "a number");
Of<Duration> duration(Duration min = Duration::zero(), Duration max = Duration::max());
Of<uint64_t> size();
Of<Share> share();
Of<Rate> rate();
Of<ShareOrCount> share_or_count(std::string what = "a share such as 5% or a number of rows");
// Text that may hold ${env:..}, ${file:..}, ${secret:..}.
Of<Reference> reference_text();
// The same, and a URL where it is written out.
Of<Reference> reference_url();
// Text that knows its place byte by byte. `what` as above.
Of<Passage> passage(std::string what);
// Anything at all: the node as it is.
Of<Node> anything();

// A scalar of your own. `parse` gets its text; the error's message stands after "expected", its remedy is
// kept.
struct ScalarFacts {
  std::string name;                             // "cron expression"
  std::string phrase;                           // "a cron expression such as 0 7 * * *"
  std::string schema = R"({"type":"string"})";  // JSON Schema, an object
  bool any_form = false;                        // custom(): a list or map can be meant too
};
template <class T>
Of<T> parsed(ScalarFacts facts, std::function<Result<T>(std::string_view)> parse);

// A value of your own, of any form. `read` reports what is wrong and returns false.
template <class T>
Of<T> custom(ScalarFacts facts, std::function<bool(const Node&, T&, Reading&)> read);

// ---- Choice -----------------------------------------------------------------------------------------

struct ChoiceName {
  std::string name;
  int64_t value;
  std::string help;
};
namespace internal {
ShapeRef make_choice(const TypeFacts& facts, std::vector<ChoiceName> names, void (*set)(void*, int64_t));
}
template <class E>
struct Choice {
  std::string name;
  E value;
  std::string help;
};
// One of a closed list of names.
template <class E>
Of<E> choice(std::initializer_list<Choice<E>> choices) {
  std::vector<ChoiceName> names;
  for (const auto& each : choices) names.push_back({each.name, static_cast<int64_t>(each.value), each.help});
  return Of<E>(internal::make_choice(type_facts<E>(), std::move(names), [](void* into, int64_t value) {
    *static_cast<E*>(into) = static_cast<E>(value);
  }));
}
// One of names known only at run time; the name itself is read.
Of<std::string> choice_of(std::vector<std::pair<std::string, std::string>> names_and_help);

// ---- Lists, maps, places ----------------------------------------------------------------------------

namespace internal {
// How to reach into a container that is only known by its element.
struct ListAccess {
  void* (*append)(void* list);  // adds an element and returns it
};
struct MapAccess {
  void* (*append)(void* map, std::string name, Place name_place);
};
struct PlacedAccess {
  void* (*value)(void* placed);
  Place* (*place)(void* placed);
};
struct ListRules {
  size_t min = 0;
  size_t max = std::numeric_limits<size_t>::max();
  bool one_allowed = false;
  std::string what;  // "a list of columns"
};
struct MapRules {
  size_t min = 0;
  std::string what;  // "a map from column to field"
};
ShapeRef make_list(const TypeFacts& facts, ShapeRef item, ListAccess access, ListRules rules);
ShapeRef make_map(const TypeFacts& facts, ShapeRef key, ShapeRef item, MapAccess access, MapRules rules);
ShapeRef make_placed(const TypeFacts& facts, ShapeRef inner, PlacedAccess access);
ShapeRef make_later(const TypeFacts& facts, std::function<const Shape*()> shape);
}  // namespace internal

// An Of<vector<T>> that can still be told more.
template <class T>
class ListOf : public Of<std::vector<T>> {
 public:
  ListOf(ShapeRef item, internal::ListRules rules)
      : Of<std::vector<T>>(internal::make_list(type_facts<std::vector<T>>(), item, {[](void* list) -> void* {
                                                 return &static_cast<std::vector<T>*>(list)->emplace_back();
                                               }},
                                               rules)),
        item_(std::move(item)),
        rules_(std::move(rules)) {}
  // A single item may stand for a list of one.
  ListOf or_one() const {
    return changed([](auto& rules) { rules.one_allowed = true; });
  }
  ListOf not_empty() const {
    return changed([](auto& rules) { rules.min = 1; });
  }
  ListOf at_most(size_t max) const {
    return changed([max](auto& rules) { rules.max = max; });
  }
  ListOf what(std::string phrase) const {
    return changed([&](auto& rules) { rules.what = phrase; });
  }

 private:
  template <class F>
  ListOf changed(F change) const {
    auto rules = rules_;
    change(rules);
    return ListOf(item_, rules);
  }
  ShapeRef item_;
  internal::ListRules rules_;
};
template <class T>
ListOf<T> list(const Of<T>& item) {
  return ListOf<T>(item.shape(), {});
}

// name -> T in the order of the file; keys are any text, or what `key` takes.
template <class T>
class MapOf : public Of<std::vector<Named<T>>> {
 public:
  MapOf(ShapeRef key, ShapeRef item, internal::MapRules rules)
      : Of<std::vector<Named<T>>>(
            internal::make_map(type_facts<std::vector<Named<T>>>(), key, item,
                               {[](void* map, std::string name, Place place) -> void* {
                                 auto* entries = static_cast<std::vector<Named<T>>*>(map);
                                 entries->push_back({std::move(name), std::move(place), T{}});
                                 return &entries->back().value;
                               }},
                               rules)),
        key_(std::move(key)),
        item_(std::move(item)),
        rules_(std::move(rules)) {}
  MapOf not_empty() const {
    auto rules = rules_;
    rules.min = 1;
    return MapOf(key_, item_, rules);
  }
  MapOf what(std::string phrase) const {
    auto rules = rules_;
    rules.what = std::move(phrase);
    return MapOf(key_, item_, rules);
  }

 private:
  ShapeRef key_, item_;
  internal::MapRules rules_;
};
template <class T>
MapOf<T> map_of(const Of<std::string>& key, const Of<T>& item) {
  return MapOf<T>(key.shape(), item.shape(), {});
}
template <class T>
MapOf<T> map_of(const Of<T>& item) {
  return map_of(text(), item);
}

// The value together with its place.
template <class T>
Of<Placed<T>> placed(const Of<T>& inner) {
  return Of<Placed<T>>(internal::make_placed(
      type_facts<Placed<T>>(), inner.shape(),
      {[](void* placed) -> void* { return &static_cast<Placed<T>*>(placed)->value; },
       [](void* placed) -> Place* { return &static_cast<Placed<T>*>(placed)->place; }}));
}

// For shapes that hold themselves: the function is first called when something is read or described.
template <class T>
Of<T> later(const Of<T>& (*shape)()) {
  return Of<T>(internal::make_later(type_facts<T>(), [shape] { return &*shape(); }));
}

// ---- One of several shapes --------------------------------------------------------------------------

namespace internal {
struct AlternativeFacts {
  std::string name;
  ShapeRef shape;
  void* (*emplace)(void* variant);
  std::string help;
};
ShapeRef make_tagged(const TypeFacts& facts, std::string key, std::vector<AlternativeFacts> alternatives);
ShapeRef make_keyed(const TypeFacts& facts, std::vector<AlternativeFacts> alternatives);
ShapeRef make_by_form(const TypeFacts& facts, std::vector<AlternativeFacts> alternatives);
}  // namespace internal

// V is a std::variant (or anything with emplace<T>()).
template <class V>
struct Alternative {
  internal::AlternativeFacts facts;
};
template <class V, class T>
Alternative<V> alternative(std::string name, const Of<T>& shape, std::string help = "") {
  auto emplace = [](void* variant) -> void* { return &static_cast<V*>(variant)->template emplace<T>(); };
  return {{std::move(name), shape.shape(), emplace, std::move(help)}};
}

namespace internal {
template <class V>
std::vector<AlternativeFacts> facts_of(std::initializer_list<Alternative<V>> alternatives) {
  std::vector<AlternativeFacts> facts;
  for (const auto& each : alternatives) facts.push_back(each.facts);
  return facts;
}
}  // namespace internal

// A map whose text under `key` names the alternative: { type: bearer, token: ... }. Alternatives are structs
// that do not declare `key` themselves.
template <class V>
Of<V> tagged(std::string key, std::initializer_list<Alternative<V>> alternatives) {
  return Of<V>(internal::make_tagged(type_facts<V>(), std::move(key), internal::facts_of(alternatives)));
}
// A map with exactly one key, the alternative's name: { split: { by: "," } }.
template <class V>
Of<V> keyed(std::initializer_list<Alternative<V>> alternatives) {
  return Of<V>(internal::make_keyed(type_facts<V>(), internal::facts_of(alternatives)));
}
// By what it looks like. Alternatives are named "scalar", "list" and "map".
template <class V>
Of<V> by_form(std::initializer_list<Alternative<V>> alternatives) {
  return Of<V>(internal::make_by_form(type_facts<V>(), internal::facts_of(alternatives)));
}

// ---- Definitions of templates above -----------------------------------------------------------------

namespace internal {
ShapeRef make_parsed(const TypeFacts& facts, ScalarFacts words,
                     std::function<Result<void>(std::string_view, void*)> parse);
ShapeRef make_custom(const TypeFacts& facts, ScalarFacts words,
                     std::function<bool(const Node&, void*, Reading&)> read);
}  // namespace internal

template <class T>
Of<T> parsed(ScalarFacts facts, std::function<Result<T>(std::string_view)> parse) {
  return Of<T>(
      internal::make_parsed(type_facts<T>(), std::move(facts),
                            [parse = std::move(parse)](std::string_view written, void* into) -> Result<void> {
                              Result<T> value = parse(written);
                              if (!value.ok()) return value.error();
                              *static_cast<T*>(into) = *std::move(value);
                              return success();
                            }));
}

template <class T>
Of<T> custom(ScalarFacts facts, std::function<bool(const Node&, T&, Reading&)> read) {
  return Of<T>(
      internal::make_custom(type_facts<T>(), std::move(facts),
                            [read = std::move(read)](const Node& node, void* into, Reading& reading) {
                              return read(node, *static_cast<T*>(into), reading);
                            }));
}

}  // namespace penstock::declare
