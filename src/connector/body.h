// A request body's template, bound to a destination and a sync: writes JSON straight from columns.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connector/declaration.h"
#include "connector/text_template.h"
#include "payload/payload.h"

namespace penstock::connector {

inline constexpr size_t kFieldsMax = 512;
using FieldMask = std::bitset<kFieldsMax>;

// One row as the encoder sees it; borrows from the plan's chunk.
struct RowView {
  std::span<const Values> fields;
  std::span<const Values> match;
  size_t row = 0;               // in the vectors
  FieldMask send;               // which fields travel
  bool clear = false;           // all of them as NULL, whatever they hold
  bool write_match = false;     // the match field travels among the fields, even if it is not mapped
  std::string_view match_text;  // stands for the match value when not empty (what it was before)
  std::string_view record_id;   // empty when not known
  std::string_view job = {};    // the id of the job that it travels in; empty: none
};

// What a sync puts into a template once and for all.
struct BodyFacts {
  std::vector<std::string> field_names;
  std::string match_member = {};   // the match field's name when it is not among them; else empty
  FieldMask personal;              // fields to mask when asked for
  bool match_is_personal = false;  // likewise the match value
  std::vector<std::string> read_fields;
  const ValueRules* values = nullptr;  // outlives the body
  // For placeholders that are the same in every request: setting, object, match_field.
  std::function<std::string(const Placeholder&)> constant;
};

// Immutable once compiled; thread-safe.
class Body {
 public:
  // The template was checked when the declaration was read; what is wrong with it here is an internal error.
  static Result<Body> compile(const Node& node, BodyFacts facts);

  void begin(std::string& out, std::string_view page = "") const {
    write(out, prefix_, nullptr, 0, page, false);
  }
  // `index` counts the rows of this body from 0; it is the {trace}.
  void add(std::string& out, const RowView& row, size_t index, bool masked = false) const;
  void end(std::string& out, std::string_view page = "") const {
    write(out, suffix_, nullptr, 0, page, false);
  }

 private:
  friend class BodyCompiler;
  struct Piece {
    enum class Form { literal, json, inside_string, members };
    Form form = Form::literal;
    std::string literal;
    Placeholder placeholder;
    bool comma_before = false;  // of members: others stand before it in the object
  };
  void write(std::string& out, const std::vector<Piece>& pieces, const RowView* row, size_t index,
             std::string_view page, bool masked) const;
  void write_json(std::string& out, const Piece& piece, const RowView* row, size_t index,
                  std::string_view page, bool masked) const;
  void write_inside(std::string& out, const Piece& piece, const RowView* row, size_t index,
                    std::string_view page, bool masked) const;
  void write_members(std::string& out, const RowView& row, bool comma_before, bool masked) const;
  void write_match(std::string& out, const RowView& row, bool masked) const;

  BodyFacts facts_;
  std::vector<std::string> member_names_;  // "firstname": with quotes and colon
  std::string match_member_;               // likewise; empty: it is mapped, or never written
  std::vector<Piece> prefix_, row_, suffix_;
  bool in_list_ = false;  // rows are separated by commas
};

}  // namespace penstock::connector
