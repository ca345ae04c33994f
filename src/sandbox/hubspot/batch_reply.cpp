// The reply to a batch of writes: records in no particular order, and why others were refused.
#include <numeric>

#include "sandbox/hubspot/batch.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

// Positions of the accepted rows, shuffled: a client that joins by position must fail.
std::vector<size_t> accepted_rows(const Batch& batch, Random& random) {
  std::vector<size_t> accepted;
  accepted.reserve(batch.rows.size());
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    if (!batch.rows[i].refusal) accepted.push_back(i);
  }
  for (size_t left = accepted.size(); left > 1; --left) {
    std::swap(accepted[left - 1], accepted[random.below(left)]);
  }
  return accepted;
}

void append_result(std::string& out, const Row& row, Operation operation, const ObjectType& object) {
  out.push_back('{');
  append_written_members(out, object, *row.record, row.fields);
  if (!row.trace_id.empty()) {
    out += ",\"objectWriteTraceId\":";
    append_json_string(out, row.trace_id);
  }
  if (operation == Operation::upsert) out += row.is_new ? ",\"new\":true" : ",\"new\":false";
  out.push_back('}');
}

std::string context_of(const Row& row) {
  std::string context;
  if (!row.trace_id.empty()) append_context(context, "objectWriteTraceId", {&row.trace_id, 1});
  if (!row.trace_id.empty() && !row.id.empty()) context.push_back(',');
  if (!row.id.empty()) append_context(context, "ids", {&row.id, 1});
  return context;
}

void append_errors(std::string& out, const Batch& batch, size_t count) {
  out += ",\"numErrors\":";
  append_number(out, count);
  out += ",\"errors\":[";
  Commas commas;
  for (const Row& row : batch.rows) {
    if (!row.refusal) continue;
    commas.before_item(out);
    append_row_error(out, *row.refusal, context_of(row));
  }
  out.push_back(']');
}

}  // namespace

Answer batch_reply(const Batch& batch, const ObjectType& object, State& state) {
  constexpr size_t kBytesARow = 512;  // a fair guess: saves growing the text step by step
  const std::vector<size_t> accepted = accepted_rows(batch, state.random);
  const size_t refused = batch.rows.size() - accepted.size();
  Answer answer;
  std::string& out = answer.reply.body;
  out.reserve(batch.rows.size() * kBytesARow);
  open_batch(out, state.now);
  Commas commas;
  for (const size_t i : accepted) {
    commas.before_item(out);
    append_result(out, batch.rows[i], batch.operation, object);
  }
  out.push_back(']');
  if (refused > 0) append_errors(out, batch, refused);
  out.push_back('}');
  answer.reply.status = refused > 0 ? 207 : batch.operation == Operation::create ? 201 : 200;
  answer.rejected = static_cast<uint32_t>(refused);
  return answer;
}

}  // namespace penstock::sandbox::hubspot
