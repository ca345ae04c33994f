#include "ledger/outcomes.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock {

void Outcomes::add(std::string_view record, const OutcomeGroup& group) {
  for (size_t i = 0; i < group.rows.size(); ++i) {
    if (i > 0 && runs_.back().end() == group.rows[i])
      ++runs_.back().length;
    else
      runs_.push_back({group.rows[i], 1, static_cast<uint32_t>(i), groups_.size()});
  }
  groups_.push_back(record);
}

void Outcomes::sort() {
  std::sort(runs_.begin(), runs_.end(), [](const Run& a, const Run& b) { return a.first < b.first; });
}

Result<void> Outcomes::complete() {
  sort();
  for (size_t i = 1; i < runs_.size(); ++i)
    if (runs_[i].first < runs_[i - 1].end())
      return Error{ErrorKind::disk,
                   fmt::format("the journal says twice what became of row {} of the plan", runs_[i].first),
                   "this is a fault of penstock: please report it"};
  return success();
}

// Rows that nobody has.
void Outcomes::add_run(uint64_t first, uint64_t end) {
  for (; first < end; first = runs_.back().end())
    runs_.push_back({first, static_cast<uint32_t>(std::min<uint64_t>(end - first, UINT32_MAX)), 0, kOthers});
}

uint64_t Outcomes::add_others(uint64_t through, std::vector<uint64_t> rows, const RowOutcome& end) {
  others_ = end;
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  std::erase_if(rows, [&](uint64_t row) { return row < through || run_of(row) != nullptr; });
  const size_t known = runs_.size();
  uint64_t next = 0;
  for (size_t i = 0; i < known; ++i) {
    add_run(next, std::min(runs_[i].first, through));
    next = runs_[i].end();
  }
  add_run(next, through);
  for (const uint64_t row : rows) add_run(row, row + 1);
  uint64_t added = 0;
  for (size_t i = known; i < runs_.size(); ++i) added += runs_[i].length;
  sort();
  return added;
}

const Outcomes::Run* Outcomes::run_of(uint64_t ordinal) const {
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), ordinal,
                                      [](uint64_t row, const Run& run) { return row < run.first; });
  return after == runs_.begin() || (after - 1)->end() <= ordinal ? nullptr : &*(after - 1);
}

const RowOutcome* Outcomes::Cursor::find(uint64_t ordinal) {
  if (ordinal < run_.first || ordinal >= run_.end()) {
    const Run* run = outcomes_->run_of(ordinal);
    if (run == nullptr) return nullptr;
    if (run_.length == 0 || run->group != run_.group) read_group(run->group);
    run_ = *run;
  }
  RowOutcome& outcome = group_.shared;
  outcome.ordinal = ordinal;
  if (run_.group != kOthers) outcome.record_id = group_.record_ids[run_.place + (ordinal - run_.first)];
  outcome.created = std::binary_search(group_.created.begin(), group_.created.end(), ordinal);
  return &outcome;
}

void Outcomes::Cursor::read_group(uint64_t group) {
  if (group == kOthers) {
    group_ = OutcomeGroup::of(outcomes_->others_);
    return;
  }
  auto record = decode_record(outcomes_->groups_[group]);
  check(record.ok(), "a group that was read before is read again");
  group_ = std::get<OutcomeGroup>(*std::move(record));
  std::sort(group_.created.begin(), group_.created.end());
}

}  // namespace penstock
