// Mail as data, and the seam through which it is sent.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/loop.h"
#include "async/task.h"
#include "base/result.h"
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

struct MailOutcome {
  // Nullopt: it was taken. Else transient (try again), auth (the login is refused), config (the certificate
  // is not trusted, there is no encryption, the host is none), rejected (the server will not take this mail).
  std::optional<Error> error{};
  // With an error: whether the mail may have been taken all the same.
  bool may_have_arrived = false;
  // What the server said of the mail last, such as "250 2.0.0 Ok: queued as 4711".
  std::string answer{};
};

// Loop thread only. A task that waits in send() may be destroyed.
class MailSender {
 public:
  virtual ~MailSender() = default;
  virtual Task<MailOutcome> send(MailServer server, Mail mail) = 0;
};

// Over libcurl, on another thread. `ca_file`: a PEM file of authorities to trust in place of the system's;
// empty: the system's. The loop must outlive it.
std::unique_ptr<MailSender> curl_mail_sender(Loop& loop, std::string ca_file);

}  // namespace penstock::alert
