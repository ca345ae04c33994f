// One row on its way from the plan to its outcome.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connector/connector.h"
#include "ledger/records.h"
#include "plan/plan.h"

namespace penstock {

// What a row waits for next. Each step is carried out by the route's operation of that name; the last ones by
// the look-ups of its references. A job's step is kept by its number: new ones go to the end.
enum class Step : uint8_t { find, create, update, upsert, remove, replace, refer, refer_second, read };
inline constexpr size_t kSteps = 9;
static_assert(static_cast<size_t>(Step::refer) + connector::kReferencesMax ==
              static_cast<size_t>(Step::read));

// Nothing is written.
constexpr bool is_look_up(Step step) {
  return step == Step::find || step >= Step::refer;
}
constexpr bool is_of_reference(Step step) {
  return step == Step::refer || step == Step::refer_second;
}
constexpr Step step_of_reference(size_t reference) {
  return static_cast<Step>(static_cast<size_t>(Step::refer) + reference);
}
constexpr size_t reference_of(Step step) {
  return static_cast<size_t>(step) - static_cast<size_t>(Step::refer);
}

struct Row {
  std::shared_ptr<const PlanChunk> chunk;  // shared by the rows of a chunk; the last one frees it
  uint32_t index = 0;                      // in the chunk
  Change change = Change::added;
  connector::FieldMask send;            // fields that travel
  std::string record_id;                // when it is known
  std::vector<std::string> references;  // ids of the records that it names: of the first, known so far
  Step then = Step::find;               // the step that they are for
  std::vector<std::string> old_match;   // stand for the row's own match values: what they were before
  bool write_match = false;             // the match field itself is written
  bool replaces = false;                // what has the old match values is to be removed first
  bool old_is_gone = false;             // nothing is left of what it had been written to
  bool learned = false;                 // where its record is, which the journal does not say yet
  bool is_elsewhere = false;            // written to another record than holds what was accepted before
  bool clear = false;                   // all fields become NULL
  bool was_found = false;               // a look-up has been made
  bool is_absent = false;               // one by its own match values found nothing
  bool conflicted = false;              // a write was refused because another record has what it wanted
  std::string conflict_code, conflict_message;  // what the destination said then
  bool went_missing = false;                    // a record that we knew is there no more
  bool effect_unknown = false;                  // an attempt may have been carried out although no reply came
  bool created = false;                         // its record is known to have been made by it
  uint32_t attempts = 0;                        // requests that carried it
  std::vector<uint64_t> tries{};                // RowOutcome::tries
  // What its record held; null: that was not read. `image_noted`: the journal says so.
  std::shared_ptr<BeforeImage> image{};
  bool image_noted = false;
  bool is_at_look_up = false;  // it waits for a look-up, or is in one

  // This request carried it, and it has to go again.
  void tried(uint64_t request) {
    if (request == 0) return;
    if (tries.size() == kTriesMax) tries.erase(tries.begin());
    tries.push_back(request);
  }
  static constexpr size_t kTriesMax = 16;

  uint64_t ordinal() const { return chunk->ordinal(index); }
  connector::RowView view() const {
    return {.fields = chunk->fields(),
            .match = chunk->match(),
            .row = index,
            .send = send,
            .clear = clear,
            .write_match = write_match,
            .old_match = old_match,
            .record_id = record_id,
            .references = references,
            .key = chunk->key(index),
            .key_hash = chunk->key_hash(index),
            .fingerprint = chunk->fingerprint(index)};
  }
};

// The match values that the row was last written with, when it has others now; else none.
std::vector<std::string> old_match_of(const PlanChunk& chunk, size_t row);

}  // namespace penstock
