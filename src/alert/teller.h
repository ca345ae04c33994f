// Sends one letter to one alert's receiver, with what it takes to arrive. Private to this folder.
#pragma once

#include <functional>
#include <string>

#include "alert/letter.h"
#include "alert/mail.h"
#include "base/random.h"
#include "declare/reference.h"
#include "net/http.h"

namespace penstock::alert {

// What came of it.
struct Receipt {
  Arrival arrival = Arrival::arrived;
  std::string answer;  // one sentence, without secrets
  std::string remedy;
  bool may_pass = false;           // worth another attempt
  std::optional<Duration> wait{};  // that the receiver asks for
};

// All must outlive it. Loop thread only.
struct TellerParts {
  Loop& loop;
  HttpClient& client;
  MailSender& mail;
  const declare::Resolver& resolver;
  Random& random;
};

// Resolves the alert's secrets anew each time. Attempts are few: an hour of Retry-After is the caller's to
// wait. Ends within five minutes.
Task<Receipt> tell(TellerParts parts, config::Alert alert, Letter letter, Origin origin);

}  // namespace penstock::alert
