// A request body's template, bound to a destination and a sync: writes JSON straight from columns.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/key.h"
#include "connector/declaration.h"
#include "connector/members.h"
#include "connector/text_template.h"
#include "payload/payload.h"

namespace penstock::connector {

// One row as the encoder sees it; borrows from the plan's chunk.
struct RowView {
  std::span<const Values> fields{};
  std::span<const Values> match{};
  size_t row = 0;            // in the vectors
  FieldMask send{};          // which fields travel
  bool clear = false;        // all of them as NULL, whatever they hold
  bool write_match = false;  // the match fields travel among the fields, even if they are not mapped
  std::span<const std::string> old_match{};   // stand for the match values when there are any: what they were
  std::string_view record_id{};               // empty when not known
  std::span<const std::string> references{};  // ids of the records that it names, as BodyFacts lists them
  std::string_view job{};                     // the id of the job that it travels in; empty: none
  std::string_view key{};                     // the model's key, as people see it
  KeyHash key_hash{};
  Fingerprint fingerprint = 0;
};

// What all rows of one request share.
struct RequestFacts {
  std::string_view page{};  // mark of a look-up's page
  std::string_view run{};   // id of the run
  std::string_view job{};   // id of the job, or the session, that the request is about
  uint64_t part = 0;        // of the session: its number
  bool masked = false;      // personal values are masked: as the request is kept and shown
};

// What a sync puts into a template once and for all.
struct BodyFacts {
  std::vector<std::string> field_names{};
  std::vector<std::string> match_names{};
  bool match_is_record = false;  // the match value is the record's id: it is no field
  std::vector<std::string> reference_names{};
  std::vector<bool> reference_is_personal{};  // where the id is a value of the row's own
  FieldMask personal{};                       // fields to mask when asked for
  bool match_is_personal = false;             // likewise the match values
  std::vector<std::string> read_fields{};
  uint64_t seed = 0;                   // tells the {once} of one sync from that of another
  std::vector<std::string> apart{};    // fields that stand somewhere else in the request: {field.NAME}
  bool lines = false;                  // each row is a line of its own, or several: NDJSON
  const ValueRules* values = nullptr;  // outlives the body
  // The constant placeholders.
  std::function<std::string(const Placeholder&)> constant{};
};

// The text of a placeholder of a row, for headers, paths and texts in bodies.
std::string row_text(const Placeholder& placeholder, const BodyFacts& facts, const RowView& row, size_t index,
                     bool masked);
// Which match field has the name, the first for an empty one; as many as there are: none.
size_t match_index(const std::string& name, const std::vector<std::string>& match_names);
// Whether a text can stand in JSON as a bare number: what `|number` looks at.
bool is_whole_number(std::string_view text);
// 32 hexadecimal digits for the payload of one row.
std::string once_of(const BodyFacts& facts, const RowView& row);

// Immutable once compiled; thread-safe.
class Body {
 public:
  // The template was checked when the declaration was read; what is wrong with it here is an internal error.
  static Result<Body> compile(const Node& node, BodyFacts facts);

  void begin(std::string& out, const RequestFacts& request) const {
    write(out, prefix_, nullptr, 0, request);
  }
  // `index` counts the rows of this body from 0; it is the {trace}.
  void add(std::string& out, const RowView& row, size_t index, const RequestFacts& request) const;
  void end(std::string& out, const RequestFacts& request) const { write(out, suffix_, nullptr, 0, request); }

 private:
  friend class BodyCompiler;
  struct Piece {
    enum class Form {
      literal,
      json,           // a placeholder as a JSON value
      inside_string,  // the same within a text
      member,         // "key": value of one field, left out when the field does not travel
      members,        // those of one of members_
      match_members,
      comma,      // between members, where it cannot be known beforehand whether one stands before
      text_ends,  // what was written since kTextBegins becomes a JSON string
    };
    Form form = Form::literal;
    std::string literal{};
    Placeholder placeholder{};
    size_t index = 0;  // of a field, or in members_
  };
  void write(std::string& out, const std::vector<Piece>& pieces, const RowView* row, size_t index,
             const RequestFacts& request) const;
  void write_json(std::string& out, const Piece& piece, const RowView* row, size_t index,
                  const RequestFacts& request) const;
  void write_inside(std::string& out, const Piece& piece, const RowView* row, size_t index,
                    const RequestFacts& request) const;
  void write_match_value(std::string& out, const RowView& row, size_t index, bool masked) const;
  void write_match_members(std::string& out, const RowView& row, bool masked) const;
  void write_match_values(std::string& out, const RowView& row, bool masked) const;
  void write_unmapped_match(std::string& out, const RowView& row, bool masked) const;
  MemberFacts member_facts(bool masked) const;

  BodyFacts facts_;
  std::vector<std::string> match_keys_;  // "email": with quotes and colon
  std::vector<bool> match_is_mapped_;
  bool match_has_place_ = false;  // of its own in the template
  std::vector<Members> members_;
  std::vector<Piece> prefix_, row_, suffix_;
  bool in_list_ = false;  // rows follow one another, with separator_ between them
  std::string separator_;
};

}  // namespace penstock::connector
