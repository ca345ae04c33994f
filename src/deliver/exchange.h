// One request and its reply: encoded, limited, sent, read, noted in the journal.
#pragma once

#include <span>

#include "deliver/deliver.h"
#include "deliver/personal.h"

namespace penstock {

// What came of a request.
struct Exchanged {
  connector::ReplyReading reading;          // when there was a reply
  std::optional<TransportFailure> failure;  // also: nothing was sent, for want of a login
  std::string reply_body;                   // of a look-up
  std::optional<Duration> retry_after;
  LimitSet limits;       // that it counted in
  bool stopped = false;  // the run ended before it could be sent: there is nothing else here
  RowOutcome facts;      // operation, status, request, time: what all its rows share
};

struct ExchangeParts {
  const DeliveryParts& parts;
  const connector::BoundOperation& operation;
  DeliveryCounts& progress;
  Event& stop;  // set: nothing more is sent
  LimitUser& user;
  std::string_view job = {};  // the id of the job, or the session, that the rows travel in
  uint64_t part = 0;          // its number in the session
};

// The body of a request that carries these rows; masked: as it is kept. `page` is the mark of a look-up's
// page.
std::string encode(ExchangeParts with, const std::vector<Row>& rows, const std::string& page, bool masked);

// Sends the rows in one request with this body. When the login is refused it is renewed, and the request sent
// again: that is no attempt of the rows.
Task<Exchanged> exchange(ExchangeParts with, const std::vector<Row>& rows, std::string page,
                         std::string body);

// A request of a job that carries no rows.
struct JobExchange {
  std::string name;                     // as it is noted
  const connector::LimitNames& limits;  // groups
  const connector::JobRequest& request;
  connector::JobCall call;
  bool is_news = true;           // else it is noted only when it fails: most polls say nothing new
  const std::vector<Row>& rows;  // of the job
};
Task<Exchanged> exchange(ExchangeParts with, JobExchange job);

// What rows looked like, for replies that name them by value. Borrows the rows.
connector::SentRows sent_rows(const DeliveryParts& parts, const std::vector<Row>& rows);

// The values of a row, or of several, that must not be kept.
PersonalValues personal_values(const DeliveryParts& parts, std::span<const Row> rows);

// The limits of a request that was refused as too fast: those for its own key where there are any, for a
// refusal of one key says nothing of the others.
LimitSet to_be_paused(const Exchanged& exchanged);

// Why a run ends: the destination refuses the login, the right, or more for today.
Error refusal(const DeliveryParts& parts, const Exchanged& exchanged, ErrorKind kind);

}  // namespace penstock
