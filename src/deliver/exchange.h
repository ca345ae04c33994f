// One request and its reply: encoded, limited, sent, read, noted in the journal.
#pragma once

#include "deliver/deliver.h"

namespace penstock {

// What came of a request.
struct Exchanged {
  connector::ReplyReading reading;  // when there was a reply
  std::optional<TransportFailure> failure;
  std::string reply_body;  // of a look-up
  std::optional<Duration> retry_after;
  RowOutcome facts;  // operation, status, request, time: what all its rows share
};

struct ExchangeParts {
  const DeliveryParts& parts;
  const connector::BoundOperation& operation;
  DeliveryProgress& progress;
};

// Sends the rows in one request. `page` is the mark of a look-up's page.
Task<Exchanged> exchange(ExchangeParts with, const std::vector<Row>& rows, std::string page);

}  // namespace penstock
