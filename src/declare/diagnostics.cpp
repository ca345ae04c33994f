#include "declare/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/json.h"
#include "declare/utf8.h"

namespace penstock::declare {
namespace {

constexpr size_t kKeptMax = 1000;
// Characters of a source line that are shown; a longer line is cut around the column.
constexpr size_t kLineCharactersMax = 120;

std::string plural(uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

// What identifies a diagnostic: the same thing found twice is shown once.
bool same(const Diagnostic& a, const Diagnostic& b) {
  return a.place == b.place && a.severity == b.severity && a.path == b.path && a.message == b.message;
}

bool before(const Diagnostic& a, const Diagnostic& b) {
  if (const auto order = a.place <=> b.place; order != 0) return order < 0;
  return a.severity < b.severity;
}

// A source line as it can be shown, and how many characters of padding stand before the caret.
struct Shown {
  std::string line;
  std::string padding;
  size_t width = 1;
};

Shown shown_line(const Place& place) {
  const std::string_view line = place.file->line(place.line);
  const size_t column = place.column > 0 ? place.column - 1 : 0;
  const size_t first = column + 20 < kLineCharactersMax ? 0 : column - 20;
  Shown shown;
  if (first > 0) shown.line = shown.padding = "...";
  if (first > 0) shown.padding = "   ";
  size_t at = 0, character = 0;
  for (; at < line.size() && character < first + kLineCharactersMax; ++character) {
    const size_t bytes = std::max<size_t>(1, character_bytes(line.substr(at)));
    if (character >= first) shown.line += line[at] == '\t' ? "\t" : shorten(line.substr(at, bytes), 1);
    if (character >= first && character < column) shown.padding += line[at] == '\t' ? '\t' : ' ';
    at += bytes;
  }
  if (at < line.size()) shown.line += "...";
  shown.width =
      std::clamp<size_t>(place.width, 1, std::max<size_t>(1, character - std::min(character, column)));
  return shown;
}

void add_source(std::vector<Part>& parts, const Place& place) {
  if (!place.file || place.line == 0 || place.file->line(place.line).empty()) return;
  const Shown shown = shown_line(place);
  const std::string number = fmt::format("{:>5}", place.line);
  parts.push_back({Part::Role::plain, number + " | "});
  parts.push_back({Part::Role::source, shown.line});
  parts.push_back({Part::Role::plain, "\n      | " + shown.padding});
  parts.push_back({Part::Role::caret, "^" + std::string(shown.width - 1, '~')});
  parts.push_back({Part::Role::plain, "\n"});
}

void write_place(JsonWriter& json, const Place& place) {
  json.key("file").text(place.file ? place.file->name() : "");
  json.key("line").integer(place.line).key("column").integer(place.column);
}

}  // namespace

Diagnostic& Diagnostics::error(Place place, std::string message) {
  Diagnostic diagnostic;
  diagnostic.place = std::move(place);
  diagnostic.message = std::move(message);
  return add(std::move(diagnostic));
}

Diagnostic& Diagnostics::warning(Place place, std::string message) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::warning;
  diagnostic.place = std::move(place);
  diagnostic.message = std::move(message);
  return add(std::move(diagnostic));
}

Diagnostic& Diagnostics::add(Diagnostic diagnostic) {
  ++(diagnostic.severity == Severity::error ? errors_ : warnings_);
  if (all_.size() >= kKeptMax) return beyond_ = std::move(diagnostic);
  all_.push_back(std::move(diagnostic));
  return all_.back();
}

void Diagnostics::add_all(const Diagnostics& others) {
  const uint64_t errors = errors_ + others.errors_, warnings = warnings_ + others.warnings_;
  for (const Diagnostic& each : others.all_) add(each);
  errors_ = errors;  // those that `others` counted and did not keep, too
  warnings_ = warnings;
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<const Diagnostic*> order;
  for (const Diagnostic& each : all_) order.push_back(&each);
  // Those of one place stay in the order in which they were found, which is that of their addresses.
  std::sort(order.begin(), order.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return before(*a, *b) || (!before(*b, *a) && a < b);
  });
  std::vector<Diagnostic> once;
  for (const Diagnostic* each : order) {
    bool repeated = false;
    for (auto before = once.rbegin(); before != once.rend() && before->place == each->place; ++before)
      repeated = repeated || same(*before, *each);
    if (!repeated) once.push_back(*each);
  }
  return once;
}

std::string Diagnostics::summary() const {
  const std::string errors = errors_ == 0 ? "no errors" : plural(errors_, "error");
  return warnings_ == 0 ? errors : errors + ", " + plural(warnings_, "warning");
}

std::vector<Part> parts_of(const Diagnostic& diagnostic) {
  std::vector<Part> parts;
  if (diagnostic.place.known()) parts.push_back({Part::Role::place, diagnostic.place.show() + ": "});
  const bool error = diagnostic.severity == Severity::error;
  parts.push_back({error ? Part::Role::error : Part::Role::warning, error ? "error: " : "warning: "});
  const std::string path = diagnostic.path.empty() ? "" : diagnostic.path + ": ";
  const std::string hint = diagnostic.hint.empty() ? "" : "; " + diagnostic.hint;
  parts.push_back({Part::Role::message, path + diagnostic.message + hint});
  parts.push_back({Part::Role::plain, "\n"});
  if (!diagnostic.conceal) add_source(parts, diagnostic.place);
  for (const Note& note : diagnostic.notes) {
    const std::string at = note.place.known() ? note.place.show() + ": " : "";
    parts.push_back({Part::Role::note, fmt::format("      = {}{}\n", at, note.text)});
  }
  if (!diagnostic.remedy.empty())
    parts.push_back({Part::Role::remedy, fmt::format("      = {}\n", diagnostic.remedy)});
  return parts;
}

std::string as_text(const Diagnostic& diagnostic) {
  std::string out;
  for (const Part& part : parts_of(diagnostic)) out += part.text;
  return out;
}

std::string as_text(const Diagnostics& diagnostics) {
  std::string out;
  const auto sorted = diagnostics.sorted();
  for (const Diagnostic& each : sorted) out += as_text(each);
  const uint64_t found = diagnostics.errors() + diagnostics.warnings();
  if (sorted.size() >= kKeptMax) out += fmt::format("... {} in all\n", found);
  return out;
}

std::string as_json(const Diagnostic& diagnostic) {
  JsonWriter json;
  json.begin_object();
  json.key("severity").text(diagnostic.severity == Severity::error ? "error" : "warning");
  write_place(json, diagnostic.place);
  json.text_if("path", diagnostic.path).key("message").text(diagnostic.message);
  json.text_if("hint", diagnostic.hint).text_if("remedy", diagnostic.remedy);
  if (!diagnostic.notes.empty()) {
    json.key("notes").begin_array();
    for (const Note& note : diagnostic.notes) {
      json.begin_object();
      write_place(json, note.place);
      json.key("text").text(note.text).end_object();
    }
    json.end_array();
  }
  json.end_object();
  return json.str();
}

Error as_error(const Diagnostics& diagnostics) {
  for (const Diagnostic& each : diagnostics.sorted()) {
    if (each.severity != Severity::error) continue;
    std::string message = each.place.known() ? each.place.show() + ": " : "";
    if (!each.path.empty()) message += each.path + ": ";
    message += each.message;
    if (!each.hint.empty()) message += "; " + each.hint;
    if (diagnostics.errors() > 1)
      message += fmt::format(" (and {} more)", plural(diagnostics.errors() - 1, "error"));
    return {ErrorKind::config, std::move(message), each.remedy};
  }
  return {ErrorKind::internal, "no error was reported", ""};
}

}  // namespace penstock::declare
