// What is wrong with a user's files: all of it at once, each with its place and a way out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "declare/place.h"

namespace penstock::declare {

enum class Severity { error, warning };

struct Note {
  Place place;
  std::string text;  // "first defined here"
};

struct Diagnostic {
  Severity severity = Severity::error;
  Place place;
  std::string path;     // of the field inside its file: "fields.tier.write"; empty at the top
  std::string message;  // what is wrong and what was expected; one sentence, no trailing stop
  std::string hint;     // "did you mean 'primary_key'?"; empty when nothing is near
  std::string remedy;   // what to do; one sentence, no trailing stop
  std::vector<Note> notes;
  bool conceal = false;  // the line holds a secret: never show it
};

// A printed diagnostic in pieces, so that a terminal can colour them; joined they are the plain text.
struct Part {
  enum class Role { place, error, warning, message, source, caret, note, remedy, plain };
  Role role = Role::plain;
  std::string text;
};

// Collects. Not thread-safe. Keeps the first 1,000 and counts the rest.
class Diagnostics {
 public:
  // The reference is good until the next call, for adding a hint, a remedy or notes.
  Diagnostic& error(Place place, std::string message);
  Diagnostic& warning(Place place, std::string message);
  Diagnostic& add(Diagnostic diagnostic);
  void add_all(const Diagnostics& others);

  bool ok() const { return errors_ == 0; }
  uint64_t errors() const { return errors_; }
  uint64_t warnings() const { return warnings_; }
  // By place, without repetitions.
  std::vector<Diagnostic> sorted() const;
  // "3 errors, 1 warning"; "no errors" when clean.
  std::string summary() const;

 private:
  std::vector<Diagnostic> all_;
  Diagnostic beyond_;  // takes what no longer fits
  uint64_t errors_ = 0;
  uint64_t warnings_ = 0;
};

//   models/customers.yaml:2:1: error: unknown field 'primry_key' in a model; did you mean 'primary_key'?
//     2 | primry_key: id
//       | ^~~~~~~~~~
//       = the fields of a model are source, primary_key, sql, ...
// Every line ends in a line feed.
std::vector<Part> parts_of(const Diagnostic& diagnostic);
std::string as_text(const Diagnostic& diagnostic);
// All of them, sorted, then nothing more.
std::string as_text(const Diagnostics& diagnostics);
// One JSON object on one line: severity, file, line, column, path, message, hint, remedy, notes.
std::string as_json(const Diagnostic& diagnostic);

// The first error as an Error of kind `config` (for callers that want one Result), saying how many more.
Error as_error(const Diagnostics& diagnostics);

}  // namespace penstock::declare
