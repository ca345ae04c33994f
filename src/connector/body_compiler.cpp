#include <fmt/format.h>

#include <algorithm>

#include "connector/body.h"

namespace penstock::connector {
namespace {

using What = Placeholder::What;

// Marks where a text begins whose content is JSON: no JSON text holds this byte.
constexpr std::string_view kTextMark = "\x01";

}  // namespace

// Turns the template's tree into three flat lists of pieces: before the rows, of a row, behind the rows.
class BodyCompiler {
 public:
  explicit BodyCompiler(Body& body) : body_(body) {}

  Result<void> compile(const Node& node) {
    find_apart(node);
    into_ = &body_.prefix_;
    write(node);
    if (!body_.in_list_) {
      // No list of rows: the whole body belongs to one row.
      body_.row_ = std::move(body_.prefix_);
      body_.prefix_.clear();
    }
    if (error_.empty()) check_places();
    if (error_.empty()) return success();
    return Error{ErrorKind::config, error_, ""};
  }

 private:
  using Form = Body::Piece::Form;

  // What a sync brings as a body was not looked at before.
  void check_places() {
    for (const auto* pieces : {&body_.prefix_, &body_.suffix_})
      for (const auto& piece : *pieces)
        if (piece.form == Form::member || piece.form == Form::members || piece.form == Form::match_members ||
            (piece.form != Form::literal && is_of_row(piece.placeholder.what)))
          error_ = "in a body that lists its rows, what is of one row stands outside of `each_row`";
  }

  std::optional<TextTemplate> parse(const std::string& text) {
    auto parsed = TextTemplate::parse(text);
    if (parsed.ok()) return *std::move(parsed);
    error_ = parsed.error().message;
    return std::nullopt;
  }

  // Fields that have a place of their own are not among {fields}.
  void find_apart(const Node& node) {
    for (const auto& item : node.items) find_apart(item);
    for (const auto& entry : node.entries) {
      find_apart_in(entry.key);
      find_apart(entry.value);
    }
    if (node.is_scalar() && node.meaning() == Node::Meaning::text) find_apart_in(node.text);
  }

  void find_apart_in(const std::string& template_text) {
    const auto text = parse(template_text);
    if (!text) return;
    for (const auto& piece : text->pieces()) {
      if (!piece.placeholder || piece.placeholder->argument.empty()) continue;
      if (piece.placeholder->what == What::field) body_.facts_.apart.push_back(piece.placeholder->argument);
      if (piece.placeholder->what == What::fields) prefixes_.push_back(piece.placeholder->argument + ".");
    }
  }

  void write(const Node& node) {
    switch (node.kind) {
      case Node::Kind::null:
        return literal("null");
      case Node::Kind::scalar:
        return scalar(node);
      case Node::Kind::sequence:
        return sequence(node);
      case Node::Kind::map:
        return map(node);
    }
  }

  void scalar(const Node& node) {
    if (node.meaning() != Node::Meaning::text) return literal(declare::as_json(node));
    const auto text = parse(node.text);
    if (!text) return;
    const Placeholder* alone = text->alone();
    if (alone != nullptr && alone->what == What::field_types) return literal(body_.facts_.constant(*alone));
    if (alone != nullptr && is_of_batch(alone->what) && !alone->has(Placeholder::Filter::join))
      return list_of(*alone);
    if (alone != nullptr && is_members(alone->what)) {
      literal("{");
      members(*alone);
      return literal("}");
    }
    if (alone != nullptr && is_constant(alone->what) && alone->has(Placeholder::Filter::number)) {
      const std::string& constant = body_.facts_.constant(*alone);
      if (is_whole_number(constant)) return literal(constant);
    }
    if (alone != nullptr && !is_constant(alone->what) && !alone->has(Placeholder::Filter::text) &&
        !is_of_batch(alone->what) && !is_joined_names(*alone))
      return placeholder(Form::json, *alone);
    literal("\"");
    inside(*text);
    literal("\"");
  }

  void inside(const TextTemplate& text) {
    for (const auto& piece : text.pieces()) {
      if (piece.placeholder && is_of_batch(piece.placeholder->what))
        joined(*piece.placeholder);
      else if (piece.placeholder && is_joined_names(*piece.placeholder))
        string_content(fmt::format("{}", fmt::join(body_.facts_.read_fields, ",")));
      else if (piece.placeholder && !is_constant(piece.placeholder->what))
        placeholder(Form::inside_string, *piece.placeholder);
      else
        string_content(piece.placeholder ? body_.facts_.constant(*piece.placeholder) : piece.literal);
    }
  }

  static bool is_joined_names(const Placeholder& one) {
    return one.what == What::read_fields && one.has(Placeholder::Filter::join);
  }

  static Placeholder one_of(const Placeholder& batch) {
    Placeholder one = batch;
    one.what = batch.what == What::matches ? What::match : What::record_id;
    return one;
  }

  void list_of(const Placeholder& batch) {
    rows("[", "]", ",", [&] { placeholder(Form::json, one_of(batch)); });
  }
  void joined(const Placeholder& batch) {
    rows("", "", ",", [&] { placeholder(Form::inside_string, one_of(batch)); });
  }

  template <class WriteRow>
  void rows(std::string_view open, std::string_view close, std::string separator, WriteRow write_row) {
    literal(open);
    body_.in_list_ = true;
    body_.separator_ = std::move(separator);
    into_ = &body_.row_;
    write_row();
    into_ = &body_.suffix_;
    literal(close);
  }

  void sequence(const Node& node) {
    literal("[");
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (i > 0) literal(",");
      write(node.items[i]);
    }
    literal("]");
  }

  void map(const Node& node) {
    if (const declare::Entry* each = node.find("each_row"))
      return each_row(each->value, node.find("join"), node.find("before"));
    if (node.entries.size() == 1 && node.entries[0].key == "as_text") return as_text(node.entries[0].value);
    literal("{");
    bool known_first = true, dynamic = false;
    for (const auto& entry : node.entries) {
      if (entry.key == "...") {
        spread(entry.value);
        dynamic = true;
        continue;
      }
      if (one_field_member(entry.key, entry.value)) {
        dynamic = true;
        continue;
      }
      if (dynamic)
        into_->push_back({.form = Form::comma});
      else if (!std::exchange(known_first, false))
        literal(",");
      write_key(entry.key);
      write(entry.value);
    }
    literal("}");
  }

  static std::string key_text(const std::string& name) {
    std::string key;
    append_json_string(key, name);
    return key + ":";
  }

  void write_key(const std::string& key) {
    const auto text = parse(key);
    if (!text) return;
    literal("\"");
    inside(*text);
    literal("\":");
  }

  // A text that is the same in all requests.
  std::optional<std::string> constant_text(const std::string& template_text) {
    const auto text = parse(template_text);
    if (!text) return std::nullopt;
    std::string name;
    for (const auto& piece : text->pieces()) {
      if (piece.placeholder && !is_constant(piece.placeholder->what)) return std::nullopt;
      name += piece.placeholder ? body_.facts_.constant(*piece.placeholder) : piece.literal;
    }
    return name;
  }

  // "channel": "{field.channel}" is left out where the field is not mapped, or does not travel; "email":
  // "{match}" in a sync that matches on nothing.
  bool one_field_member(const std::string& key, const Node& value) {
    if (!value.is_scalar() || value.meaning() != Node::Meaning::text) return false;
    const auto text = parse(value.text);
    if (!text || text->alone() == nullptr) return false;
    if (text->alone()->what == What::match && body_.facts_.match_names.empty()) return true;
    if (text->alone()->what != What::field || !text->alone()->filters.empty()) return false;
    const auto& names = body_.facts_.field_names;
    const auto field = std::find(names.begin(), names.end(), text->alone()->argument);
    if (field == names.end()) return true;
    const auto name = constant_text(key);
    if (!name) return false;
    into_->push_back({.form = Form::member,
                      .literal = key_text(*name),
                      .index = static_cast<size_t>(field - names.begin())});
    return true;
  }

  void spread(const Node& node) {
    for (const auto& item : node.items) spread(item);
    if (!node.is_scalar()) return;
    const auto text = parse(node.text);
    if (text && text->alone() != nullptr) members(*text->alone());
  }

  void members(const Placeholder& which) {
    if (which.what == What::match_members) {
      body_.match_has_place_ = true;
      into_->push_back({.form = Form::match_members});
      return;
    }
    std::vector<std::string> names;
    std::vector<size_t> fields;
    const std::string prefix = which.argument.empty() ? "" : which.argument + ".";
    for (size_t i = 0; i < body_.facts_.field_names.size(); ++i) {
      const std::string& name = body_.facts_.field_names[i];
      if (prefix.empty() ? stands_apart(name) : !name.starts_with(prefix)) continue;
      names.push_back(name.substr(prefix.size()));
      fields.push_back(i);
    }
    into_->push_back({.form = Form::members, .placeholder = which, .index = body_.members_.size()});
    body_.members_.emplace_back(names, fields, body_.facts_.values->nested);
  }

  bool stands_apart(const std::string& name) const {
    const auto& apart = body_.facts_.apart;
    return std::find(apart.begin(), apart.end(), name) != apart.end() ||
           std::any_of(prefixes_.begin(), prefixes_.end(),
                       [&](const auto& prefix) { return name.starts_with(prefix); });
  }

  // A row of NDJSON is a line; a list stands for several.
  void lines(const Node& each) {
    rows("", "", "", [&] {
      const auto line = [&](const Node& node) {
        write(node);
        literal("\n");
      };
      if (each.kind == Node::Kind::sequence)
        for (const auto& item : each.items) line(item);
      else
        line(each);
    });
  }

  void each_row(const Node& each, const declare::Entry* join, const declare::Entry* before) {
    if (body_.facts_.lines) return lines(each);
    if (join == nullptr) return rows("[", "]", ",", [&] { write(each); });
    std::string separator;
    append_json_string(separator, join->value.text);
    const auto text = parse(each.text);
    if (!text) return;
    separator = separator.substr(1, separator.size() - 2);
    literal("\"");
    // Joined with the rows like one of them, where the sync gives it.
    const auto first = before == nullptr ? std::nullopt : constant_text(before->value.text);
    if (first && !first->empty()) {
      string_content(*first);
      literal(separator);
    }
    rows("", "\"", separator, [&] { inside(*text); });
  }

  void as_text(const Node& node) {
    literal(kTextMark);
    write(node);
    into_->push_back({.form = Form::text_ends});
  }

  void string_content(const std::string& text) {
    std::string quoted;
    append_json_string(quoted, text);
    literal(std::string_view(quoted).substr(1, quoted.size() - 2));
  }

  void literal(std::string_view text) {
    if (!into_->empty() && into_->back().form == Form::literal)
      into_->back().literal += text;
    else
      into_->push_back({.form = Form::literal, .literal = std::string(text)});
  }

  void placeholder(Form form, Placeholder what) {
    const auto& matches = body_.facts_.match_names;
    size_t index = field_of(what);
    const size_t match = match_index(what.argument, matches);
    const bool is_unmapped = what.what == What::field && index == body_.facts_.field_names.size();
    if (is_unmapped && match < matches.size()) what.what = What::match;
    if (what.what == What::match) index = match;
    const bool is_match = what.what == What::match || what.what == What::match_values;
    body_.match_has_place_ = body_.match_has_place_ || is_match;
    into_->push_back({.form = form, .placeholder = std::move(what), .index = index});
  }

  size_t field_of(const Placeholder& what) const {
    const auto& names = body_.facts_.field_names;
    return static_cast<size_t>(std::find(names.begin(), names.end(), what.argument) - names.begin());
  }

  Body& body_;
  std::vector<Body::Piece>* into_ = nullptr;
  std::vector<std::string> prefixes_;
  std::string error_;
};

Result<Body> Body::compile(const Node& node, BodyFacts facts) {
  Body body;
  body.facts_ = std::move(facts);
  for (const auto& name : body.facts_.match_names) {
    append_json_string(body.match_keys_.emplace_back(), name);
    body.match_keys_.back() += ':';
    const auto& fields = body.facts_.field_names;
    body.match_is_mapped_.push_back(std::find(fields.begin(), fields.end(), name) != fields.end());
  }
  if (auto compiled = BodyCompiler(body).compile(node); !compiled.ok()) return compiled.error();
  body.facts_.constant = nullptr;  // whoever gave it may be gone by now
  return body;
}

}  // namespace penstock::connector
