#include "connector/csv_body.h"

#include <algorithm>

#include "connector/values.h"

namespace penstock::connector {
namespace {

using What = Placeholder::What;

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

Result<CsvBody> CsvBody::compile(const Node& node, BodyFacts facts) {
  CsvBody body;
  body.facts_ = std::move(facts);
  for (const auto& entry : node.entries) {
    const auto name = TextTemplate::parse(entry.key);
    if (!name.ok()) return name.error();
    if (auto added = body.add_column(name->fill(body.facts_.constant), entry.value); !added.ok())
      return added.error();
  }
  for (const auto& name : body.columns_) {
    if (!body.header_.empty()) body.header_ += ',';
    append_quoted(body.header_, name);
  }
  body.header_ += '\n';
  body.facts_.constant = nullptr;
  return body;
}

Result<void> CsvBody::add_column(const std::string& name, const Node& node) {
  for (const auto& item : node.items)
    if (auto added = add_column(name, item); !added.ok()) return added;
  if (!node.is_scalar()) return success();
  auto text = TextTemplate::parse(node.text);
  if (!text.ok()) return text.error();
  if (name == "..." && text->alone() != nullptr) {
    add_members(*text->alone());
    return success();
  }
  add_column(name, Column{.kind = Column::Kind::text, .text = *std::move(text)});
  return success();
}

void CsvBody::add_members(const Placeholder& which) {
  if (which.what == What::match_members) {
    for (size_t i = 0; i < facts_.match_names.size(); ++i)
      add_column(facts_.match_names[i], Column{.kind = Column::Kind::match, .index = i});
    return;
  }
  for (size_t i = 0; i < facts_.field_names.size(); ++i)
    add_column(facts_.field_names[i], Column{.kind = Column::Kind::field, .index = i});
}

// A column that has been named already stands where it was first named.
void CsvBody::add_column(std::string name, Column column) {
  if (std::find(columns_.begin(), columns_.end(), name) != columns_.end()) return;
  columns_.push_back(std::move(name));
  cells_.push_back(std::move(column));
}

void CsvBody::add(std::string& out, const RowView& row, size_t index, bool masked) const {
  bool first = true;
  for (const auto& cell : cells_) {
    if (!std::exchange(first, false)) out += ',';
    switch (cell.kind) {
      case Column::Kind::text:
        append_quoted(out, cell.text.fill([&](const Placeholder& placeholder) {
          return row_text(placeholder, facts_, row, index, masked);
        }));
        break;
      case Column::Kind::match:
        if (cell.index >= row.match.size()) break;
        if (row.old_match.empty())
          write_value(out, row.match[cell.index], row.row, masked && facts_.match_is_personal);
        else
          write_old_match(out, row, cell.index, masked && facts_.match_is_personal);
        break;
      case Column::Kind::field:
        if (!row.send[cell.index]) break;
        if (row.clear)
          append_quoted(out, facts_.values->null_text);
        else
          write_value(out, row.fields[cell.index], row.row, masked && facts_.personal[cell.index]);
    }
  }
  out += '\n';
}

void CsvBody::write_old_match(std::string& out, const RowView& row, size_t index, bool masked) const {
  const std::string& old = row.old_match[index];
  if (old.empty()) return append_quoted(out, facts_.values->null_text);
  if (masked) return append_quoted(out, kMask);
  std::string text;
  append_old_value_text(text, row.match[index].type(), old, *facts_.values);
  append_quoted(out, text);
}

void CsvBody::write_value(std::string& out, const Values& values, size_t row, bool masked) const {
  if (values.is_null(row)) return append_quoted(out, facts_.values->null_text);
  if (masked) return append_quoted(out, kMask);
  std::string text;
  append_value_text(text, values, row, *facts_.values);
  append_quoted(out, text);
}

}  // namespace penstock::connector
