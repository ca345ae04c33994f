// Carries one batch through one step until every row of it has gone on: retries, waits, splits.
#pragma once

#include "deliver/exchange.h"

namespace penstock {

class Carrier {
 public:
  Carrier(Delivery& delivery, Step step);
  Task<void> carry(std::vector<Row> batch);

 private:
  using Batch = std::vector<Row>;
  // Rows still to be sent together.
  struct Pending {
    Batch rows;
    Instant not_before{};
  };

  Pending take_next();
  Task<void> attempt(Batch batch);
  void take_reading(Batch batch, Exchanged exchanged);
  void take_rows(Batch batch, Exchanged& exchanged);
  Task<void> take_found(Batch batch, Exchanged exchanged);
  void take_none_found(Batch batch, const Exchanged& exchanged);
  void send_unharmed(Batch batch, Duration wait);
  void split(Batch batch);
  bool is_too_large(const std::string& body) const;
  void take_too_large(Batch batch, size_t bytes);
  void try_again(Batch batch, const Exchanged& exchanged, bool effect_unknown);
  void give_up(Batch batch, const Exchanged& exchanged);
  void throttle(Batch batch, const Exchanged& exchanged);
  void stop_run(Batch batch, const Exchanged& exchanged, ErrorKind kind);
  void abandon(Batch batch);
  ExchangeParts exchange_parts() const {
    return {delivery_.parts_, operation_, delivery_.progress_, delivery_.stop_, delivery_.user_};
  }
  std::string compared_id(const std::string& record_id) const;
  Next found(Row& row, const std::vector<connector::FoundRecord>& records);
  bool is_write() const { return !is_look_up(step_); }

  Delivery& delivery_;
  Step step_;
  const connector::BoundOperation& operation_;
  std::vector<Pending> pending_;
  uint32_t throttles_ = 0;  // in a row
  std::optional<Instant> failing_since_;
};

}  // namespace penstock
