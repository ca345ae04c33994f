// The rows of a plan file for delivery, read on another thread.
#pragma once

#include "deliver/deliver.h"

namespace penstock {

class PlanRows final : public RowSource {
 public:
  PlanRows(Loop& loop, PlanReader reader) : loop_(loop), reader_(std::move(reader)) {}
  Task<Result<std::shared_ptr<const PlanChunk>>> next() override {
    return loop_.offload([this] { return reader_.next(); });
  }

 private:
  Loop& loop_;
  PlanReader reader_;
};

}  // namespace penstock
