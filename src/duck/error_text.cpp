#include "duck/error_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace penstock::duck {
namespace {

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

// "IO Error: ..." -> "...": our own kinds say the rest.
std::string_view without_class(std::string_view text) {
  for (const std::string_view prefix :
       {"IO Error: ", "Binder Error: ", "Catalog Error: ", "Conversion Error: ", "Invalid Input Error: ",
        "Parser Error: ", "Out of Range Error: "})
    if (text.starts_with(prefix)) return text.substr(prefix.size());
  return text;
}

// Errors in SQL go on with a line of it and a caret. Where a value is at fault the caret helps nobody.
std::string_view without_caret(std::string_view text) {
  for (const std::string_view of_values :
       {"Conversion Error: ", "Invalid Input Error: ", "Out of Range Error: "})
    if (text.starts_with(of_values)) return text.substr(0, text.find("\n\nLINE "));
  return text;
}

std::string_view line_after(std::string_view text, std::string_view label) {
  const size_t at = text.find(label);
  if (at == text.npos) return {};
  text.remove_prefix(at + label.size());
  return text.substr(0, text.find('\n'));
}

// The reader of CSV files explains itself over thirty lines: where, the line itself, why, what might help,
// and every option. Where and why is enough.
Error csv_error(std::string_view text) {
  const std::string_view line = line_after(text, "CSV Error on Line: "), file = line_after(text, "file = ");
  std::string_view why = text.substr(text.find("Original Line: "));
  why = why.substr(0, std::min(why.find("\n\n"), why.find("\nPossible ")));
  why.remove_prefix(why.rfind('\n') + 1);
  Error error{ErrorKind::source, fmt::format("{}, line {}: {}", file, line, why), ""};
  error.remedy = holds(why, "utf-8")
                     ? "save the file as UTF-8, or name its encoding among the table's `options`"
                     : "mend that line, or say among the table's `options` how to read it";
  return error;
}

}  // namespace

Error to_error(const char* message) {
  const std::string_view text = message == nullptr ? "DuckDB gave no reason" : message;
  if (text.starts_with("INTERRUPT")) return {ErrorKind::interrupted, "interrupted", ""};
  if (holds(text, "CSV Error on Line: ") && holds(text, "Original Line: ")) return csv_error(text);
  Error error{ErrorKind::source, std::string(without_class(without_caret(text))), ""};
  if (holds(text, "No space left") || holds(text, "max_temp_directory_size")) {
    error.kind = ErrorKind::disk;
    error.remedy = "free some space on this disk, then run the same command again";
  } else if (text.starts_with("Out of Memory")) {
    error.remedy = "raise memory_limit in the source's file, or make the model smaller";
  } else if (holds(text, "Could not set lock on file")) {
    error.remedy = "close the program that holds the database open for writing, then try again";
  } else if (holds(text, "not a valid DuckDB database file")) {
    error.remedy = "name a DuckDB file in `path`; CSV, Parquet and JSON files go under `files`";
  } else if (text.starts_with("Conversion Error: ") || text.starts_with("Out of Range Error: ")) {
    error.remedy = "mend the value at its source, or say in SQL what becomes of it: TRY_CAST makes it NULL";
  }
  return error;
}

}  // namespace penstock::duck
