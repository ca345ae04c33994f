// One job while it is carried.
#pragma once

#include "deliver/job_carrier.h"

namespace penstock {

struct JobCarrier::Job {
  Job(uint64_t its_number, const connector::JobRule& rule, Batch its_rows)
      : number(its_number), course(rule), rows(std::move(its_rows)) {
    readings.resize(rows.size());
    gone.resize(rows.size());
  }
  uint64_t number = 0;
  connector::JobCourse course;
  Batch rows;  // as they lie in the upload, those that are gone as well: results may count them
  std::vector<std::optional<connector::RowReading>> readings;
  std::vector<bool> gone;  // rows that have their outcome, or go another way
  std::string body;        // until it is uploaded
  Time created{};
  Instant begun{};
  std::optional<Instant> waits_since;  // when it was set to work
  Exchanged last;                      // the request whose reply was taken last
  bool polled = false;
  std::string noted_state;  // when a poll was made last
};

}  // namespace penstock
