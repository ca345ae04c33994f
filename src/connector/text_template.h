// Texts with placeholders: "Bearer {setting.access_token}", "/crm/v3/objects/{object}/batch/upsert".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::connector {

struct Placeholder {
  enum class What {
    // The same in every request.
    setting,      // {setting.NAME}: a setting of the destination
    option,       // {option.NAME}: an option of the sync
    object,       // the sync's object
    object_word,  // {object.NAME}: one of the object's words; {object.rest}: what its pattern's * stood for
    field_types,  // the fields that rows may have, the match among them, with the SQL types that hold their
                  // values
    match_field,  // the destination's field that is matched on, the first of several
    // Of a request.
    read_fields,  // names of the fields that a look-up should return
    page,         // mark of the page that a look-up asks for
    run,          // the run's id
    job,          // the id of the job that the request is about
    session,      // the id of the session that the request belongs to
    part,         // the number of the part in its session, from 1
    // Of a batch: lists with one value a row.
    matches,     // match values
    record_ids,  // ids of records
    // Of a row.
    match,          // its match value, the first of several; {match.NAME}: that of one field
    match_values,   // the list of its match values
    match_members,  // its match fields as name: value, those that are NULL left out
    record_id,      // the id of its record
    trace,          // a text that is unique in the request
    key,            // the model's key, as text
    once,           // 32 digits that stay the same for the same payload of the same row; of a batch as well
    field,          // {field.NAME}: the value of one mapped field, or else the match value of that name
    reference,      // {reference.NAME}: the id of the record that it names by this field
    fields,         // the mapped fields to be written, {fields.PREFIX}: those named PREFIX.x, as x
  };
  enum class Filter { lower, quote, json, join, text, number };
  What what = What::setting;
  std::string argument{};  // NAME or PREFIX
  std::vector<Filter> filters{};
  bool has(Filter filter) const;
  bool operator==(const Placeholder&) const = default;
};

// Whether it differs from row to row.
bool is_of_row(Placeholder::What what);
// Whether it makes a list of the batch's rows.
bool is_of_batch(Placeholder::What what);
// Whether it is known when a sync is bound to its destination.
bool is_constant(Placeholder::What what);
// Whether it stands for members of an object, and so can only be a whole value, or under "...".
bool is_members(Placeholder::What what);

// A piece is a literal text or a placeholder.
struct TextPiece {
  std::string literal;
  std::optional<Placeholder> placeholder;
};

class TextTemplate {
 public:
  // `{{` stands for a brace. The error's message names what is wrong.
  static Result<TextTemplate> parse(std::string_view text);
  const std::vector<TextPiece>& pieces() const { return pieces_; }
  // The one placeholder that is the whole text.
  const Placeholder* alone() const;
  // The text, with what `value` gives for each placeholder.
  std::string fill(const std::function<std::string(const Placeholder&)>& value) const;

 private:
  std::vector<TextPiece> pieces_;
};

}  // namespace penstock::connector
