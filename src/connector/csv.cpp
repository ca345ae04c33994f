#include "connector/csv.h"

#include <algorithm>

#include "payload/payload.h"

namespace penstock::connector {

CsvReader::CsvReader(std::string_view text) : rest_(text) {
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
}

bool CsvReader::next(std::vector<std::string>& fields) {
  fields.clear();
  while (!rest_.empty() && (rest_[0] == '\n' || rest_[0] == '\r')) rest_.remove_prefix(1);
  if (rest_.empty() || damaged_) return false;
  for (;;) {
    std::string field = rest_.starts_with('"') ? quoted() : std::string();
    if (damaged_) return false;
    // What follows a closing quote belongs to the field as it is, as everywhere else.
    const size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
    field += rest_.substr(0, end);
    rest_.remove_prefix(end);
    fields.push_back(std::move(field));
    if (!rest_.starts_with(',')) return true;
    rest_.remove_prefix(1);
  }
}

// The text between quotes; a doubled one stands for itself.
std::string CsvReader::quoted() {
  rest_.remove_prefix(1);
  std::string text;
  for (;;) {
    const size_t quote = rest_.find('"');
    if (quote == rest_.npos) {
      damaged_ = true;
      rest_ = {};
      return text;
    }
    text += rest_.substr(0, quote);
    rest_.remove_prefix(quote + 1);
    if (!rest_.starts_with('"')) return text;
    text += '"';
    rest_.remove_prefix(1);
  }
}

Result<std::string> csv_as_json(std::string_view text) {
  CsvReader reader(text);
  std::vector<std::string> names, fields;
  std::string out = "[";
  if (reader.next(fields)) {
    for (const auto& name : fields) append_json_string(names.emplace_back(), name);
    while (reader.next(fields)) {
      out += out.size() > 1 ? ",{" : "{";
      for (size_t i = 0; i < std::min(names.size(), fields.size()); ++i) {
        if (i > 0) out += ',';
        out += names[i];
        out += ':';
        append_json_string(out, fields[i]);
      }
      out += '}';
    }
  }
  if (reader.is_damaged())
    return Error{ErrorKind::transient, "the CSV text ends within a quoted field: it was cut off", ""};
  out += ']';
  return out;
}

}  // namespace penstock::connector
