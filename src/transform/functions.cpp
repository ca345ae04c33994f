// Chains and templates as functions of DuckDB. What they do is a constant argument, so that a mapping's SQL
// says all of it: two mappings are the same when their SQL is, and one of an earlier run can still be
// evaluated.
//
//   penstock_convert(value, '{"form":"text","transform":["trim",{"phone":{"region":"DE"}}]}')
//   penstock_template('["New: ",{"form":"text","transform":[]}]', value)
#include <fmt/format.h>

#include <map>
#include <mutex>

#include "transform/chain.h"

namespace penstock::transform {
namespace {

Form form_of(const duck::Type& type) {
  if (type.id() == DUCKDB_TYPE_LIST || type.id() == DUCKDB_TYPE_ARRAY) return Form::list;
  return payload_type_of(type).type == PayloadType::json ? Form::json : Form::text;
}

// An expression of text: a text as it is, lists and JSON as JSON, everything else as the text that it has in
// a payload.
std::string text_sql(const std::string& expression, const duck::Type& type) {
  const PayloadType carried = payload_type_of(type).type;
  const std::string payload = as_payload_sql(expression, type);
  const bool is_text =
      carried == PayloadType::text || carried == PayloadType::big_integer || carried == PayloadType::json;
  return is_text ? payload : fmt::format("penstock_text({})", payload);
}

std::string spec_of(Form form, const Transforms& transforms) {
  return fmt::format("{{\"form\":\"{}\",\"transform\":{}}}", name_of(form), as_json(transforms));
}

struct Spec {
  Form takes = Form::text;
  std::optional<Chain> chain;  // none: as it is
};

Result<Spec> read_spec(const Node& node) {
  const auto* form = node.find("form");
  const auto* written = node.find("transform");
  const Error broken{ErrorKind::internal, "a transform's specification is not readable", ""};
  if (form == nullptr || written == nullptr) return broken;
  Spec spec;
  for (const Form each : {Form::text, Form::list, Form::json})
    if (form->value.text == name_of(each)) spec.takes = each;
  if (written->value.items.empty()) return spec;
  declare::Diagnostics diagnostics;
  Transforms transforms;
  if (!read(transforms_shape(), written->value, transforms, diagnostics)) return broken;
  Misfit misfit;
  spec.chain = Chain::compile(spec.takes, transforms, misfit);
  if (!spec.chain) return broken;
  return spec;
}

Result<Node> parse_spec(std::string_view text) {
  declare::Diagnostics diagnostics;
  auto node =
      declare::parse_yaml(std::make_shared<declare::SourceFile>("spec", std::string(text)), diagnostics);
  if (node) return *std::move(node);
  return Error{ErrorKind::internal, "a transform's specification is not readable", ""};
}

// What specifications compile to, for as long as the database lives.
template <class T>
class Compiled {
 public:
  explicit Compiled(Result<T> (*compile)(std::string_view)) : compile_(compile) {}
  Result<std::shared_ptr<const T>> find(std::string_view text) {
    const std::lock_guard lock(mutex_);
    auto& entry = known_[std::string(text)];
    if (entry == nullptr) {
      auto made = compile_(text);
      if (!made.ok()) return made.error();
      entry = std::make_shared<const T>(*std::move(made));
    }
    return entry;
  }

 private:
  Result<T> (*compile_)(std::string_view);
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const T>, std::less<>> known_;  // shared: calls outlive the lock
};

void set_null(duckdb_vector result, size_t row) {
  duckdb_vector_ensure_validity_writable(result);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(result), row);
}

void set_text(duckdb_vector result, size_t row, std::string_view text) {
  duckdb_vector_assign_string_element_len(result, row, text.data(), text.size());
}

// ---- penstock_convert

Result<Spec> compile_convert(std::string_view text) {
  const auto node = parse_spec(text);
  if (!node.ok()) return node.error();
  return read_spec(*node);
}

void load_row(Value& value, const Spec& spec, const duck::Vector& vector, size_t row) {
  load(value, spec.takes, vector.valid(row) ? vector.text(row) : std::string_view());
  if (vector.valid(row)) return;
  value.why.clear();
  value.null = true;
}

void convert(const Spec& spec, const duck::Vector& values, size_t rows, duckdb_vector result) {
  Value value;
  std::string out;
  for (size_t row = 0; row < rows; ++row) {
    if (values.valid(row) && failure_in(values.text(row))) {
      set_text(result, row, values.text(row));  // of the template that a connector's `convert` stands around
      continue;
    }
    load_row(value, spec, values, row);
    if (value.why.empty()) spec.chain->run(value);
    if (value.why.empty() && value.null) {
      set_null(result, row);
      continue;
    }
    if (value.why.empty() && value.form != Form::list) {
      set_text(result, row, value.text);
      continue;
    }
    out.clear();
    if (value.why.empty())
      append_out(out, value);
    else
      append_failure(out, values.text(row), value.why);
    set_text(result, row, out);
  }
}

// ---- penstock_template

struct Part {
  std::string literal;
  Spec spec;
  bool inserts = false;
};
using Parts = std::vector<Part>;

Result<Parts> compile_template(std::string_view text) {
  const auto node = parse_spec(text);
  if (!node.ok()) return node.error();
  Parts parts;
  for (const Node& item : node->items) {
    if (item.is_scalar()) {
      parts.push_back({item.text, {}, false});
      continue;
    }
    auto spec = read_spec(item);
    if (!spec.ok()) return spec.error();
    parts.push_back({"", *std::move(spec), true});
  }
  return parts;
}

// False when a value cannot be converted; `out` then says so.
bool fill_row(const Parts& parts, std::span<const duck::Vector> values, size_t row, Value& value,
              std::string& out) {
  out.clear();
  size_t next = 0;
  for (const Part& part : parts) {
    if (!part.inserts) {
      out += part.literal;
      continue;
    }
    const duck::Vector& vector = values[next++];
    load_row(value, part.spec, vector, row);
    if (value.why.empty() && part.spec.chain) part.spec.chain->run(value);
    if (!value.why.empty()) {
      out.clear();
      append_failure(out, vector.valid(row) ? vector.text(row) : std::string_view(), value.why);
      return false;
    }
    if (!value.null) append_out(out, value);
  }
  return true;
}

}  // namespace

std::optional<Converted> convert_sql(const std::string& expression, const duck::Type& type,
                                     const Transforms& transforms, Misfit& misfit) {
  const Form form = form_of(type);
  const auto chain = Chain::compile(form, transforms, misfit);
  if (!chain) return std::nullopt;
  return Converted{fmt::format("penstock_convert({}, {})", text_sql(expression, type),
                               duck::quote_text(spec_of(form, transforms))),
                   {chain->gives() == Form::text ? PayloadType::text : PayloadType::json}};
}

std::optional<Converted> template_sql(const Template& text, const std::vector<duck::Type>& types,
                                      std::string_view escape, const Place& place, Misfit& misfit) {
  std::string parts, values;
  size_t next = 0;
  for (const auto& piece : text.pieces()) {
    parts += parts.empty() ? "" : ",";
    if (!piece.insert) {
      parts += declare::json_text(piece.literal);
      continue;
    }
    const duck::Type& type = types[next++];
    Transforms filters = piece.insert->filters;
    if (!escape.empty())
      filters.push_back({"escape", {{"for", place, Node::scalar(std::string(escape), place)}}, place});
    for (auto& filter : filters) filter.place = place;
    if (!Chain::compile(form_of(type), filters, misfit)) return std::nullopt;
    parts += spec_of(form_of(type), filters);
    values += ", " + text_sql(duck::quote_name(piece.insert->column), type);
  }
  return Converted{fmt::format("penstock_template({}{})", duck::quote_text("[" + parts + "]"), values),
                   {PayloadType::text}};
}

Result<void> define_transform_functions(duck::Connection& connection) {
  const auto converts = std::make_shared<Compiled<Spec>>(compile_convert);
  auto defined = connection.define({.name = "penstock_convert",
                                    .parameters = {DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_VARCHAR},
                                    .result = duck::Type::of(DUCKDB_TYPE_VARCHAR),
                                    .call = [converts](std::span<const duck::Vector> arguments, size_t rows,
                                                       duckdb_vector result) -> Result<void> {
                                      if (rows == 0) return success();
                                      const auto spec = converts->find(arguments[1].text(0));
                                      if (!spec.ok()) return spec.error();
                                      convert(**spec, arguments[0], rows, result);
                                      return success();
                                    }});
  if (!defined.ok()) return defined;
  const auto templates = std::make_shared<Compiled<Parts>>(compile_template);
  return connection.define({.name = "penstock_template",
                            .result = duck::Type::of(DUCKDB_TYPE_VARCHAR),
                            .call = [templates](std::span<const duck::Vector> arguments, size_t rows,
                                                duckdb_vector result) -> Result<void> {
                              if (rows == 0) return success();
                              const auto parts = templates->find(arguments[0].text(0));
                              if (!parts.ok()) return parts.error();
                              Value value;
                              std::string out;
                              for (size_t row = 0; row < rows; ++row) {
                                fill_row(**parts, arguments.subspan(1), row, value, out);
                                set_text(result, row, out);
                              }
                              return success();
                            }});
}

}  // namespace penstock::transform
