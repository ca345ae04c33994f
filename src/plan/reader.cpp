#include <fmt/format.h>

#include "plan/plan.h"

namespace penstock {
namespace {

// The columns of the query below, in its order.
enum Column : size_t {
  kOrdinal,
  kChange,
  kKey,
  kKeyHi,
  kKeyLo,
  kFingerprint,
  kRecordId,
  kMatchBefore,
  kSend,
  kMatch
};

// Columns by their position in the file: names of fields may differ only in case, which DuckDB does not tell
// apart. Delivery has no use for `why` and `takes_over`.
std::string plan_query(const std::string& file, std::string_view condition) {
  return fmt::format(
      "SELECT CAST(file_row_number AS UBIGINT), * EXCLUDE (file_row_number, why, takes_over) FROM "
      "read_parquet({}, "
      "file_row_number = true) WHERE {}",
      duck::quote_text(file), condition);
}

}  // namespace

PlanChunk::PlanChunk(duck::Chunk chunk, const std::vector<ValueType>& match,
                     const std::vector<ValueType>& fields, bool comes_last)
    : chunk_(std::move(chunk)), comes_last_(comes_last) {
  size_t column = kMatch;
  for (const auto type : match) match_.emplace_back(chunk_.column(column++), type);
  for (const auto type : fields) fields_.emplace_back(chunk_.column(column++), type);
}

std::string_view PlanChunk::text(size_t column, size_t row) const {
  const duck::Vector vector = chunk_.column(column);
  return vector.valid(row) ? vector.text(row) : std::string_view();
}

uint64_t PlanChunk::ordinal(size_t row) const {
  return chunk_.column(kOrdinal).data<uint64_t>()[row];
}

Change PlanChunk::change(size_t row) const {
  const auto word = text(kChange, row);
  return word == "added" ? Change::added : word == "changed" ? Change::changed : Change::removed;
}

std::string_view PlanChunk::key(size_t row) const {
  return text(kKey, row);
}

KeyHash PlanChunk::key_hash(size_t row) const {
  return {chunk_.column(kKeyHi).data<uint64_t>()[row], chunk_.column(kKeyLo).data<uint64_t>()[row]};
}

Fingerprint PlanChunk::fingerprint(size_t row) const {
  return chunk_.column(kFingerprint).data<uint64_t>()[row];
}
std::string_view PlanChunk::record_id(size_t row) const {
  return text(kRecordId, row);
}
std::string_view PlanChunk::match_before(size_t row) const {
  const std::string_view before = text(kMatchBefore, row);
  return before.starts_with(kIsAnothers) ? before.substr(1) : before;
}

bool PlanChunk::is_old_match_anothers(size_t row) const {
  return text(kMatchBefore, row).starts_with(kIsAnothers);
}
std::string_view PlanChunk::send(size_t row) const {
  return text(kSend, row);
}

PlanReader::PlanReader(duck::Connection& connection, std::string file, const MappedModel& model,
                       std::vector<Part> parts)
    : connection_(&connection), file_(std::move(file)), parts_(std::move(parts)) {
  for (const auto& column : model.mapping.match) match_.push_back(column.type);
  for (const auto& column : model.mapping.fields) fields_.push_back(column.type);
}

Result<PlanReader> PlanReader::open(duck::Connection& connection, const std::string& file,
                                    const MappedModel& model) {
  return begin(PlanReader(connection, file, model, {Part::passed_on, Part::removed, Part::written}));
}

Result<PlanReader> PlanReader::open(duck::Connection& connection, const Plan& plan,
                                    const MappedModel& model) {
  std::vector<Part> parts;
  if (plan.counts.passed_on > 0) parts.push_back(Part::passed_on);
  if (plan.counts.removed > 0) parts.push_back(Part::removed);
  parts.push_back(Part::written);
  return begin(PlanReader(connection, plan.file, model, std::move(parts)));
}

Result<PlanReader> PlanReader::begin(PlanReader reader) {
  if (auto started = reader.start_part(); !started.ok()) return started.error();
  return reader;
}

Result<std::shared_ptr<const PlanChunk>> PlanReader::next() {
  for (;;) {
    auto chunk = rows_->next();
    if (!chunk.ok()) return chunk.error();
    if (*chunk)
      return std::make_shared<const PlanChunk>(**std::move(chunk), match_, fields_, part_ == Part::passed_on);
    if (parts_.empty()) return std::shared_ptr<const PlanChunk>();
    if (auto started = start_part(); !started.ok()) return started.error();
  }
}

Result<void> PlanReader::start_part() {
  part_ = parts_.back();
  parts_.pop_back();
  rows_.reset();
  const std::string condition = part_ == Part::removed
                                    ? "\"change\" = 'removed'"
                                    : fmt::format("\"change\" <> 'removed' AND why {} '{}'",
                                                  part_ == Part::passed_on ? "=" : "<>", kPassedOn);
  auto rows = connection_->query(plan_query(file_, condition));
  if (!rows.ok()) return rows.error();
  rows_.emplace(*std::move(rows));
  return success();
}

}  // namespace penstock
