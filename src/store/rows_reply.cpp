#include "store/rows_reply.h"

#include <fmt/format.h>

#include <utility>

#include "declare/json.h"

namespace penstock {

void RowsReply::mark_shape(uint32_t shape, State state) {
  for (size_t i = 0; i < states_.size(); ++i)
    if (body_.rows[i].shape == shape) states_[i] = state;
}

void RowsReply::refuse(size_t row, std::string code, std::string message) {
  mark(row, State::refused);
  refusals_[row] = {std::move(code), std::move(message)};
}

// What the row is matched by from now on.
Cell RowsReply::id_of(const BodyRow& row) const {
  const auto& shape = body_.shapes[row.shape];
  for (size_t at = 0; at < shape.size(); ++at)
    if (body_.columns[shape[at]] == body_.match && row.values[at]) return row.values[at];
  return row.key;
}

void RowsReply::list(std::string& out, std::string_view name, State state, State or_state) const {
  fmt::format_to(std::back_inserter(out), "\"{}\":[", name);
  bool first = true;
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i] != state && states_[i] != or_state) continue;
    if (!std::exchange(first, false)) out += ',';
    fmt::format_to(std::back_inserter(out), "{{\"row\":{}", i);
    if (states_[i] == State::created) out += ",\"new\":true";
    if (const auto refusal = refusals_.find(i); refusal != refusals_.end())
      out += fmt::format(",\"code\":{},\"message\":{}", declare::json_text(refusal->second.code),
                         declare::json_text(refusal->second.message));
    if (const Cell id = id_of(body_.rows[i])) {
      out += ",\"id\":";
      declare::append_json_text(out, *id);
    }
    out += '}';
  }
  out += ']';
}

std::string RowsReply::json() const {
  std::string out = "{";
  list(out, "done", State::done, State::created);
  out += ',';
  list(out, "absent", State::absent, State::absent);
  out += ',';
  list(out, "present", State::present, State::present);
  out += ',';
  list(out, "refused", State::refused, State::refused);
  return out + "}";
}

}  // namespace penstock
