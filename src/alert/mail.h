// Mail as data, and the seam through which it is sent. CurlMailSender is the real one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "base/time.h"
#include "declare/reference.h"

namespace penstock::alert {

enum class MailTls { starttls, implicit, none };

struct MailServer {
  std::string host;
  int port = 587;
  MailTls tls = MailTls::starttls;
  std::string user;          // empty: no login
  declare::Secret password;  // with a user
};

struct Mail {
  std::string from;             // an address alone: a@example.com
  std::vector<std::string> to;  // the same
  std::string text;             // headers and body, lines ended by CR LF
};

// What the server said last, such as "250 2.0.0 Ok: queued as 4711".
struct MailReceipt {
  std::string answer;
};

// Errors: transient (try again), auth (the login is refused), config (the certificate is not trusted, the
// address or host is none), rejected (the server will not take this mail).
class MailSender {
 public:
  virtual ~MailSender() = default;
  // The server and its password are not kept.
  virtual Task<Result<MailReceipt>> send(MailServer server, Mail mail) = 0;
};

}  // namespace penstock::alert
