#include "store/files/format.h"

#include <algorithm>

#include "declare/json.h"

namespace penstock::files {
namespace {

void append_csv(std::string& out, Cell cell, char delimiter) {
  if (!cell) return;
  const char special[] = {delimiter, '"', '\r', '\n', '\0'};
  if (!cell->empty() && cell->find_first_of(special) == cell->npos) {
    out += *cell;
    return;
  }
  out += '"';
  for (const char c : *cell) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void end_line(std::string& out) {
  out.back() = '\r';  // in the place of a delimiter
  out += '\n';
}

std::string csv_text(const RowsBody& body, const TextRules& rules, std::string_view operation) {
  const auto columns = file_columns(body, operation);
  std::string out;
  for (const auto& row : body.rows) {
    if (!operation.empty()) (out += operation) += rules.delimiter;
    const Cells cells(body, row);
    for (const auto& column : columns) {
      append_csv(out, cells.at(column), rules.delimiter);
      out += rules.delimiter;
    }
    end_line(out);
  }
  return out;
}

std::string jsonl_text(const RowsBody& body, std::string_view operation) {
  const bool with_key = !body.match.empty() &&
                        std::find(body.columns.begin(), body.columns.end(), body.match) == body.columns.end();
  std::string out;
  for (const auto& row : body.rows) {
    out += '{';
    const size_t begin = out.size();
    const auto name = [&](std::string_view text) {
      if (out.size() > begin) out += ',';
      declare::append_json_text(out, text);
      out += ':';
    };
    if (!operation.empty()) {
      name(kOperation);
      declare::append_json_text(out, operation);
    }
    if (with_key && row.key) {
      name(body.match);
      declare::append_json_text(out, *row.key);
    }
    const auto& shape = body.shapes[row.shape];
    for (size_t i = 0; i < shape.size(); ++i) {
      name(body.columns[shape[i]]);
      out += row.json[i];
    }
    out += "}\n";
  }
  return out;
}

}  // namespace

std::vector<FileColumn> file_columns(const RowsBody& body, std::string_view operation) {
  std::vector<FileColumn> columns;
  const auto add = [&](const std::string& name, const std::string& type) {
    const auto same = [&](const FileColumn& column) { return column.name == name; };
    if (name.empty() || std::any_of(columns.begin(), columns.end(), same)) return;
    const auto found = std::find(body.columns.begin(), body.columns.end(), name);
    const int position = found == body.columns.end() ? -1 : static_cast<int>(found - body.columns.begin());
    columns.push_back({name, type, position, name == body.match});
  };
  const bool only_key = operation == "delete";
  for (const auto& known : body.types)
    if (!only_key || known.name == body.match) add(known.name, known.type);
  add(body.match, "");
  for (const auto& name : body.columns) add(name, "");
  return columns;
}

Cells::Cells(const RowsBody& body, const BodyRow& row) : row_(row), at_(body.columns.size(), -1) {
  const auto& shape = body.shapes[row.shape];
  for (size_t i = 0; i < shape.size(); ++i) at_[shape[i]] = static_cast<int>(i);
}

Cell Cells::at(const FileColumn& column) const {
  const int position = column.position < 0 ? -1 : at_[static_cast<size_t>(column.position)];
  if (position >= 0) return row_.values[static_cast<size_t>(position)];
  return column.is_key ? row_.key : Cell();
}

std::string csv_head(const std::vector<FileColumn>& columns, const TextRules& rules,
                     std::string_view operation) {
  std::string out;
  if (!rules.header || rules.format != Format::csv) return out;
  if (!operation.empty()) (out += kOperation) += rules.delimiter;
  for (const auto& column : columns) {
    append_csv(out, column.name, rules.delimiter);
    out += rules.delimiter;
  }
  if (!out.empty()) end_line(out);
  return out;
}

std::string rows_text(const RowsBody& body, const TextRules& rules, std::string_view operation) {
  return rules.format == Format::csv ? csv_text(body, rules, operation) : jsonl_text(body, operation);
}

}  // namespace penstock::files
