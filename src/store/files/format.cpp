#include "store/files/format.h"

#include "declare/json.h"

namespace penstock::files {
namespace {

constexpr std::string_view kOperation = "_operation";

// Cells of a row by the numbers of their columns.
class Cells {
 public:
  Cells(const RowsBody& body, const BodyRow& row) : at_(body.columns.size(), -1) {
    const auto& shape = body.shapes[row.shape];
    for (size_t i = 0; i < shape.size(); ++i) at_[shape[i]] = static_cast<int>(i);
  }
  int position(size_t column) const { return at_[column]; }  // -1: the row does not set it

 private:
  std::vector<int> at_;
};

void append_csv(std::string& out, Cell cell) {
  if (!cell) return;
  if (!cell->empty() && cell->find_first_of(",\"\r\n") == cell->npos) {
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

bool has_match_column(const RowsBody& body) {
  for (const auto& column : body.columns)
    if (column == body.match) return true;
  return false;
}

std::string csv_text(const RowsBody& body, std::string_view operation) {
  const bool with_key = !body.match.empty() && !has_match_column(body);
  std::string out;
  const auto end_line = [&] {
    out.back() = '\r';
    out += '\n';
  };
  if (!operation.empty()) out += std::string(kOperation) + ",";
  if (with_key) {
    append_csv(out, body.match);
    out += ',';
  }
  for (const auto& column : body.columns) {
    append_csv(out, column);
    out += ',';
  }
  end_line();
  for (const auto& row : body.rows) {
    if (!operation.empty()) out += std::string(operation) + ",";
    if (with_key) {
      append_csv(out, row.key);
      out += ',';
    }
    const Cells cells(body, row);
    for (size_t i = 0; i < body.columns.size(); ++i) {
      if (cells.position(i) >= 0) append_csv(out, row.values[static_cast<size_t>(cells.position(i))]);
      out += ',';
    }
    end_line();
  }
  return out;
}

std::string jsonl_text(const RowsBody& body, std::string_view operation) {
  const bool with_key = !body.match.empty() && !has_match_column(body);
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

std::string file_text(const RowsBody& body, Format format, std::string_view operation) {
  return format == Format::csv ? csv_text(body, operation) : jsonl_text(body, operation);
}

}  // namespace penstock::files
