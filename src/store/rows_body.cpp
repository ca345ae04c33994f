#include "store/rows_body.h"

#include <fmt/format.h>

#include <map>
#include <unordered_map>

#include "store/json_scanner.h"

namespace penstock {

class RowsBody::Reader {
 public:
  Reader(RowsBody& body, std::string_view json) : body_(body), scan_(json) {}

  bool read() {
    bool has_rows = false;
    const bool whole = members([&](std::string_view name) {
      if (name == "match") {
        body_.match = cell(scan_.value()).value_or("");
        return true;
      }
      if (name == "types") return types();
      if (name != "rows") return !scan_.value().empty();
      has_rows = true;
      return rows();
    });
    return whole && has_rows;
  }

 private:
  // Calls `member(name)` with the scanner at each member's value.
  template <class Member>
  bool members(Member member) {
    if (!scan_.take('{')) return false;
    if (scan_.take('}')) return true;
    do {
      const Cell name = cell(scan_.value());
      if (!name || !scan_.take(':') || !member(*name)) return false;
    } while (scan_.take(','));
    return scan_.take('}');
  }

  bool types() {
    return members([&](std::string_view name) {
      body_.types.push_back({std::string(name), std::string(cell(scan_.value()).value_or(""))});
      return true;
    });
  }

  bool rows() {
    if (!scan_.take('[')) return false;
    if (scan_.take(']')) return true;
    do {
      if (!row()) return false;
    } while (scan_.take(','));
    return scan_.take(']');
  }

  bool row() {
    BodyRow& row = body_.rows.emplace_back();
    std::vector<uint32_t> shape;
    row.values.reserve(body_.columns.size());
    row.json.reserve(body_.columns.size());
    const bool whole = members([&](std::string_view name) {
      if (name == "key") {
        row.key = cell(scan_.value());
        return true;
      }
      if (name != "set") return !scan_.value().empty();
      return members([&](std::string_view field) {
        shape.push_back(column(field, shape.size()));
        row.json.push_back(scan_.value());
        row.values.push_back(cell(row.json.back()));
        return !row.json.back().empty();
      });
    });
    row.shape = shape_number(std::move(shape));
    return whole;
  }

  Cell cell(std::string_view json) {
    if (json == "null") return std::nullopt;
    if (!json.starts_with('"')) return json;
    if (const auto plain = JsonScanner::plain(json)) return plain;
    return body_.unescaped_.emplace_back(JsonScanner::unescaped(json));
  }

  // Rows usually set the same columns in the same order.
  uint32_t column(std::string_view name, size_t position) {
    if (last_shape_ < body_.shapes.size() && position < body_.shapes[last_shape_].size()) {
      const uint32_t guess = body_.shapes[last_shape_][position];
      if (body_.columns[guess] == name) return guess;
    }
    const auto [found, fresh] =
        column_numbers_.emplace(std::string(name), static_cast<uint32_t>(body_.columns.size()));
    if (fresh) body_.columns.emplace_back(name);
    return found->second;
  }

  uint32_t shape_number(std::vector<uint32_t> shape) {
    if (last_shape_ < body_.shapes.size() && body_.shapes[last_shape_] == shape) return last_shape_;
    const auto [found, fresh] = shape_numbers_.emplace(shape, static_cast<uint32_t>(body_.shapes.size()));
    if (fresh) body_.shapes.push_back(std::move(shape));
    return last_shape_ = found->second;
  }

  RowsBody& body_;
  JsonScanner scan_;
  std::unordered_map<std::string, uint32_t> column_numbers_;
  std::map<std::vector<uint32_t>, uint32_t> shape_numbers_;
  uint32_t last_shape_ = 0;
};

Result<RowsBody> RowsBody::read(std::string_view json) {
  RowsBody body;
  if (!Reader(body, json).read())
    return Error{ErrorKind::internal, "this connector's body is not what a store reads: it needs `rows`", ""};
  return body;
}

}  // namespace penstock
