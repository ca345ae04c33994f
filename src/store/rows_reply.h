// What became of a batch's rows, as connectors for stores read it:
//
//     {"done": [{"row": 0, "id": "a@b.example", "new": true}], "absent": [{"row": 1}], "present": [{"row":
//     2}],
//      "refused": [{"row": 3, "code": "...", "message": "..."}]}
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "store/rows_body.h"

namespace penstock {

class RowsReply {
 public:
  enum class State : uint8_t {
    done,
    created,  // done, and it was not there before
    absent,   // not done: there is no such row
    present,  // not done: it is there already
    refused,
    untold,  // not mentioned
  };
  // Every row is `done` until it is marked otherwise. The body must outlive the reply.
  explicit RowsReply(const RowsBody& body) : body_(body), states_(body.rows.size(), State::done) {}

  void mark(size_t row, State state) {
    if (row < states_.size()) states_[row] = state;
  }
  void mark_shape(uint32_t shape, State state);
  void refuse(size_t row, std::string code, std::string message);
  std::string json() const;

 private:
  struct Refusal {
    std::string code, message;
  };
  Cell id_of(const BodyRow& row) const;
  void list(std::string& out, std::string_view name, State state, State or_state) const;

  const RowsBody& body_;
  std::vector<State> states_;
  std::map<size_t, Refusal> refusals_;
};

}  // namespace penstock
