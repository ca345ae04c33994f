#include "connector/body.h"

#include <fmt/format.h>

#include "connector/values.h"

namespace penstock::connector {

using What = Placeholder::What;

// Turns the template's tree into three flat lists of pieces: before the rows, of a row, behind the rows.
class BodyCompiler {
 public:
  explicit BodyCompiler(Body& body) : body_(body) {}

  Result<void> compile(const Node& node) {
    into_ = &body_.prefix_;
    node_(node);
    if (!body_.in_list_) {
      // No list of rows: the whole body belongs to one row.
      body_.row_ = std::move(body_.prefix_);
      body_.prefix_.clear();
    }
    if (error_.empty()) return success();
    return Error{ErrorKind::internal, error_, ""};
  }

 private:
  void node_(const Node& node) {
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
    const auto text = TextTemplate::parse(node.text);
    if (!text.ok()) {
      error_ = text.error().message;
      return;
    }
    const Placeholder* alone = text->alone();
    if (alone != nullptr && is_of_batch(alone->what)) return list_of(*alone);
    if (alone != nullptr && is_open(*alone)) return placeholder(Body::Piece::Form::json, *alone);
    literal("\"");
    for (const auto& piece : text->pieces()) {
      if (piece.placeholder && is_open(*piece.placeholder))
        placeholder(Body::Piece::Form::inside_string, *piece.placeholder);
      else
        string_content(piece.placeholder ? body_.facts_.constant(*piece.placeholder) : piece.literal);
    }
    literal("\"");
  }

  // Not known before a request is made.
  static bool is_open(const Placeholder& placeholder) {
    return is_of_row(placeholder.what) || placeholder.what == What::page ||
           placeholder.what == What::read_fields;
  }

  void list_of(const Placeholder& batch) {
    Placeholder one = batch;
    one.what = batch.what == What::matches ? What::match : What::record_id;
    rows([&] { placeholder(Body::Piece::Form::json, one); });
  }

  template <class WriteRow>
  void rows(WriteRow write_row) {
    literal("[");
    body_.in_list_ = true;
    into_ = &body_.row_;
    write_row();
    into_ = &body_.suffix_;
    literal("]");
  }

  void sequence(const Node& node) {
    literal("[");
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (i > 0) literal(",");
      node_(node.items[i]);
    }
    literal("]");
  }

  void map(const Node& node) {
    if (node.entries.size() == 1 && node.entries[0].key == "each_row")
      return rows([&] { node_(node.entries[0].value); });
    literal("{");
    bool first = true;
    for (const auto& entry : node.entries) {
      if (entry.key == "...") continue;
      if (!std::exchange(first, false)) literal(",");
      std::string key;
      append_json_string(key, entry.key);
      literal(key + ":");
      node_(entry.value);
    }
    if (node.find("...") != nullptr) {
      placeholder(Body::Piece::Form::members,
                  Placeholder{.what = What::fields, .argument = "", .lower = false});
      into_->back().comma_before = !first;
    }
    literal("}");
  }

  void string_content(const std::string& text) {
    std::string quoted;
    append_json_string(quoted, text);
    literal(std::string_view(quoted).substr(1, quoted.size() - 2));
  }

  void literal(std::string_view text) {
    if (!into_->empty() && into_->back().form == Body::Piece::Form::literal)
      into_->back().literal += text;
    else
      into_->push_back({Body::Piece::Form::literal, std::string(text), {}, false});
  }

  void placeholder(Body::Piece::Form form, const Placeholder& what) {
    into_->push_back({form, "", what, false});
  }

  Body& body_;
  std::vector<Body::Piece>* into_ = nullptr;
  std::string error_;
};

Result<Body> Body::compile(const Node& node, BodyFacts facts) {
  Body body;
  body.facts_ = std::move(facts);
  for (const auto& name : body.facts_.field_names) {
    append_json_string(body.member_names_.emplace_back(), name);
    body.member_names_.back() += ':';
  }
  if (!body.facts_.match_member.empty()) {
    append_json_string(body.match_member_, body.facts_.match_member);
    body.match_member_ += ':';
  }
  if (auto compiled = BodyCompiler(body).compile(node); !compiled.ok()) return compiled.error();
  body.facts_.constant = nullptr;  // whoever gave it may be gone by now
  return body;
}

void Body::add(std::string& out, const RowView& row, size_t index, bool masked) const {
  if (index > 0 && in_list_) out += ',';
  write(out, row_, &row, index, "", masked);
}

void Body::write(std::string& out, const std::vector<Piece>& pieces, const RowView* row, size_t index,
                 std::string_view page, bool masked) const {
  for (const auto& piece : pieces) {
    switch (piece.form) {
      case Piece::Form::literal:
        out += piece.literal;
        break;
      case Piece::Form::json:
        write_json(out, piece, row, index, page, masked);
        break;
      case Piece::Form::inside_string:
        write_inside(out, piece, row, index, page, masked);
        break;
      case Piece::Form::members:
        write_members(out, *row, piece.comma_before, masked);
        break;
    }
  }
}

namespace {

void lower_from(std::string& text, size_t start) {
  for (size_t i = start; i < text.size(); ++i)
    if (text[i] >= 'A' && text[i] <= 'Z') text[i] = static_cast<char>(text[i] + 32);
}

}  // namespace

void Body::write_json(std::string& out, const Piece& piece, const RowView* row, size_t index,
                      std::string_view page, bool masked) const {
  switch (piece.placeholder.what) {
    case What::match: {
      const size_t start = out.size();
      write_match(out, *row, masked);
      if (piece.placeholder.lower) lower_from(out, start);
      return;
    }
    case What::record_id:
      return append_json_string(out, row->record_id);
    case What::trace:
      return (void)(out += fmt::format("\"{}\"", index));
    case What::fields:
      out += '{';
      write_members(out, *row, false, masked);
      out += '}';
      return;
    case What::page:
      return append_json_string(out, page);
    case What::read_fields: {
      out += '[';
      for (size_t i = 0; i < facts_.read_fields.size(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, facts_.read_fields[i]);
      }
      out += ']';
      return;
    }
    default:
      die("a placeholder that is not open");
  }
}

void Body::write_inside(std::string& out, const Piece& piece, const RowView* row, size_t index,
                        std::string_view page, bool masked) const {
  std::string text;
  switch (piece.placeholder.what) {
    case What::match:
      if (masked && facts_.match_is_personal)
        text = kMask;
      else if (row->match_text.empty())
        append_value_text(text, row->match[0], row->row, *facts_.values);
      else
        text = row->match_text;
      break;
    case What::record_id:
      text = row->record_id;
      break;
    case What::trace:
      text = fmt::to_string(index);
      break;
    case What::page:
      text = page;
      break;
    default:
      die("a placeholder that cannot stand inside a text");
  }
  if (piece.placeholder.lower) lower_from(text, 0);
  std::string quoted;
  append_json_string(quoted, text);
  out.append(quoted, 1, quoted.size() - 2);
}

void Body::write_match(std::string& out, const RowView& row, bool masked) const {
  if (masked && facts_.match_is_personal)
    append_json_string(out, kMask);
  else if (row.match_text.empty())
    append_value(out, row.match[0], row.row, *facts_.values);
  else
    append_json_string(out, row.match_text);
}

void Body::write_members(std::string& out, const RowView& row, bool comma_before, bool masked) const {
  bool comma = comma_before;
  if (row.write_match && !match_member_.empty()) {
    if (comma) out += ',';
    comma = true;
    out += match_member_;
    if (masked && facts_.match_is_personal)
      append_json_string(out, kMask);
    else
      append_value(out, row.match[0], row.row, *facts_.values);
  }
  for (size_t i = 0; i < member_names_.size(); ++i) {
    if (!row.send[i]) continue;
    if (comma) out += ',';
    comma = true;
    out += member_names_[i];
    if (row.clear)
      out += facts_.values->null;
    else if (masked && facts_.personal[i] && !row.fields[i].is_null(row.row))
      append_json_string(out, kMask);
    else
      append_value(out, row.fields[i], row.row, *facts_.values);
  }
}

}  // namespace penstock::connector
