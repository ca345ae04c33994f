// One request and its reply: encoded, limited, sent, read, noted in the journal.
#pragma once

#include "deliver/deliver.h"

namespace penstock {

// What came of a request.
struct Exchanged {
  connector::ReplyReading reading;  // when there was a reply
  std::optional<TransportFailure> failure;  // also: nothing was sent, for want of a login
  std::string reply_body;  // of a look-up
  std::optional<Duration> retry_after;
  bool stopped = false;  // the run ended before it could be sent: there is nothing else here
  RowOutcome facts;      // operation, status, request, time: what all its rows share
};

struct ExchangeParts {
  const DeliveryParts& parts;
  const connector::BoundOperation& operation;
  DeliveryProgress& progress;
  Event& stop;  // set: nothing more is sent
};

// The body of a request that carries these rows; masked: as it is kept. `page` is the mark of a look-up's
// page.
std::string encode(ExchangeParts with, const std::vector<Row>& rows, const std::string& page, bool masked);

// Sends the rows in one request with this body. When the login is refused it is renewed, and the request sent
// once more: that is no attempt of the rows.
Task<Exchanged> exchange(ExchangeParts with, const std::vector<Row>& rows, std::string page,
                         std::string body);

}  // namespace penstock
