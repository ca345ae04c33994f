// Named transforms: what brings a warehouse's value into the form that a destination asks for. Syncs name
// them under `transform:`, connectors under `convert:`. The face of this folder.
//
//   Transforms (as a file says them) -> Chain (compiled) -> convert_sql(): an expression that DuckDB
//   evaluates in vectors
//
// On its way through a chain a value is text, a list of texts, or JSON. One that cannot be converted comes
// out marked: see failure_in(). Its row is invalid; the others go on.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "declare/declare.h"
#include "duck/duck.h"
#include "payload/payload.h"

namespace penstock::transform {

using declare::Named;
using declare::Node;
using declare::Place;

// ---- The table: docs/transforms.md, `penstock transforms`, the parser and its errors are made of it.

// What a value looks like on its way.
enum class Form { text, list, json };
std::string_view name_of(Form form);

struct Parameter {
  enum class Type { text, choice, integer, boolean, values };  // values: a map from text to any scalar
  std::string name;
  Type type = Type::text;
  bool required = false;
  std::string by_default = {};  // as a page shows it; empty: none
  std::string help;
  std::vector<std::pair<std::string, std::string>> choices = {};  // name and help
  int64_t min = 0, max = 1'000'000;                               // of an integer
};

// What a transform makes of a value, as its page shows and a test tries it.
struct Example {
  std::string transform;  // as YAML: "{ phone: DE }"
  std::string in;         // a text; JSON when it starts with '['
  std::string out;        // "" with `why`: cannot be converted; kNothing: NULL
  std::string why = "";
};
inline constexpr std::string_view kNothing = "NULL";

struct Facts {
  enum class Takes {
    text,      // a text; each item of a list
    one_text,  // a text only
    list,      // a list, or JSON that is one
    anything,  // whatever there is, NULL as well
  };
  std::string name;
  std::string group;  // the heading it stands under
  std::string help;   // whole sentences
  Takes takes = Takes::text;
  std::optional<Form> gives = {};          // nullopt: the form it was given
  std::vector<Parameter> parameters = {};  // the first may stand alone: { phone: DE }
  std::vector<Example> examples = {};
};

// In the order of the page.
const std::vector<Facts>& all_transforms();
// Null: there is none of that name.
const Facts* find_transform(std::string_view name);

// ---- As files say them

// One transform with its arguments: trim, { phone: DE }, { phone: { region: DE, form: digits } }.
struct Transform {
  std::string name;
  std::vector<Named<Node>> arguments;
  Place place;
};
using Transforms = std::vector<Transform>;

// Whether arguments may hold {setting.NAME}, which is known only when a destination is.
enum class Placeholders { none, allowed };

// Reads and checks a list of transforms, or one.
const declare::Of<Transforms>& transforms_shape(Placeholders placeholders = Placeholders::none);
// The same as compact JSON, which transforms_shape() reads.
std::string as_json(const Transforms& transforms);
// With every {setting.NAME} and {option.NAME} in arguments replaced by what `value` gives for "setting.NAME".
Transforms filled(const Transforms& transforms, const std::function<std::string(std::string_view)>& value);
bool has_placeholders(const Transforms& transforms);
Result<Transforms> transforms_in(std::string_view json);

// ---- In SQL

// Which transform does not fit what it is given, and why.
struct Misfit {
  Place place;
  std::string message, remedy;
};

// A value of the model, or of an SQL expression over it, brought through transforms.
struct Converted {
  std::string sql;
  ValueType type;  // text or json
};
// `type` is the expression's. At least one transform.
std::optional<Converted> convert_sql(const std::string& expression, const duck::Type& type,
                                     const Transforms& transforms, Misfit& misfit);

// A message with a model's columns in it: "New: *{name|title}* from {city|default: somewhere}". `{{` stands
// for a brace. Filters are transforms; a NULL inserts nothing.
class Template {
 public:
  struct Insert {
    std::string column;
    Transforms filters;
  };
  struct Piece {
    std::string literal;
    std::optional<Insert> insert;
  };
  // Errors are of kind config, and say what is wrong with the text.
  static Result<Template> parse(std::string_view text);
  const std::vector<Piece>& pieces() const { return pieces_; }
  std::vector<std::string> columns() const;

 private:
  std::vector<Piece> pieces_;
};
// What an inserted value must not break: `escape` is a choice of the transform of that name, empty for none.
// `types` are those of columns().
std::optional<Converted> template_sql(const Template& text, const std::vector<duck::Type>& types,
                                      std::string_view escape, const Place& place, Misfit& misfit);

// Registers what those expressions use: penstock_convert(value, spec) and penstock_template(spec, values...).
Result<void> define_transform_functions(duck::Connection& connection);

// ---- Values that cannot be converted

struct Failure {
  std::string_view value;   // as the model has it, cut when long
  std::string_view reason;  // "is not an email address"
};
// What an expression of ours says of a value that it could not convert; nullopt for a good one. Only ask of
// columns that were converted: others may hold anything.
std::optional<Failure> failure_in(std::string_view converted);

}  // namespace penstock::transform
