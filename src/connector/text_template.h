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
    setting,      // {setting.NAME}: a setting of the destination
    object,       // the sync's object
    match_field,  // the destination's field that is matched on
    read_fields,  // names of the fields that a look-up should return
    page,         // mark of the page that a look-up asks for
    match,        // of a row: its match value
    matches,      // of a batch: the list of them
    record_id,    // of a row: the id of its record
    record_ids,   // of a batch: the list of them
    trace,        // of a row: a text that is unique in the request
    fields,       // of a row: the mapped fields to be written
    job,          // the id of a job
  };
  What what = What::setting;
  std::string argument;  // of setting
  bool lower = false;    // {match|lower}
  bool operator==(const Placeholder&) const = default;
};

// Whether it differs from row to row.
bool is_of_row(Placeholder::What what);
// Whether it makes a list of the batch's rows.
bool is_of_batch(Placeholder::What what);

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
