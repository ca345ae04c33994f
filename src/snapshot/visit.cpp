#include "snapshot/visit.h"

#include <algorithm>

namespace penstock::snapshot {
namespace {

constexpr uint64_t kKeysAhead = 8;

// The chosen keys of one table, one after the other, without those that a newer table speaks of.
class Scan {
 public:
  Scan(const State& state, size_t table, Choice choice)
      : state_(&state), number_(table), table_(state.tables[table].get()), choice_(choice) {}

  // Moves to the first, then to the next key; false at the end.
  Result<bool> next() {
    if (choice_.unseen) look_ahead();
    for (++index_; (index_ = skip_seen(index_)) < table_->slot_count(); ++index_) {
      auto chosen = is_chosen();
      if (!chosen.ok() || *chosen) return chosen;
    }
    return false;
  }
  KeyHash key() const { return table_->slot(index_).key(); }
  Found found() const { return state_->found({number_, index_}, flags_); }

 private:
  // What comes some keys later is on its way from memory meanwhile: unseen keys lie far apart.
  void look_ahead() {
    ahead_ = std::max(ahead_, index_ + 1);
    for (++may_look_at_; may_look_at_ > 0 && ahead_ < table_->slot_count(); --may_look_at_) {
      ahead_ = skip_seen(ahead_);
      if (ahead_ < table_->slot_count()) table_->prefetch_ref(ahead_++);
    }
  }

  uint64_t skip_seen(uint64_t index) const {
    const uint64_t first = state_->first_slots[number_];
    return choice_.unseen ? choice_.unseen->next_unmarked(first + index, first + table_->slot_count()) - first
                          : index;
  }

  Result<bool> is_chosen() {
    if (!choice_.waiting_only && table_->slot(index_).hi == 0) return false;
    if (auto loaded = load_flags(); !loaded.ok()) return loaded.error();
    if (choice_.waiting_only && (flags_ & kWaiting) == 0) return false;
    if ((flags_ & kTombstone) != 0) return false;
    return state_->locate(key(), number_ + 1).index == kNoSlot;
  }

  Result<void> load_flags() {
    if (const uint64_t block = index_ / kBlockFlags; block != block_) {
      auto flags = table_->flags_block(block);
      if (!flags.ok()) return flags.error();
      block_flags_ = *flags;
      block_ = block;
    }
    flags_ = block_flags_[index_ % kBlockFlags];
    return success();
  }

  const State* state_;
  size_t number_;
  const Table* table_;
  Choice choice_;
  uint64_t index_ = kNoSlot;  // one before the first
  uint64_t ahead_ = 0;        // not looked at yet
  uint64_t may_look_at_ = kKeysAhead;
  uint64_t block_ = kNoSlot;
  const uint8_t* block_flags_ = nullptr;
  uint8_t flags_ = 0;
};

}  // namespace

Result<void> visit_keys(const State& state, Choice choice, const Snapshot::Visitor& visit) {
  std::vector<Scan> scans;
  for (size_t table = 0; table < state.tables.size(); ++table) {
    Scan scan(state, table, choice);
    auto any = scan.next();
    if (!any.ok()) return any.error();
    if (*any) scans.push_back(scan);
  }
  while (!scans.empty()) {
    // No two of them stand at one key: what a newer table speaks of is no candidate of an older one.
    const auto least = std::min_element(scans.begin(), scans.end(),
                                        [](const Scan& a, const Scan& b) { return a.key() < b.key(); });
    if (auto visited = visit(least->found()); !visited.ok()) return visited;
    auto more = least->next();
    if (!more.ok()) return more.error();
    if (!*more) scans.erase(least);
  }
  return success();
}

}  // namespace penstock::snapshot
