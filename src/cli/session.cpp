#include "cli/session.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace penstock::cli {

Session::Session(const Globals& globals, Workspace& workspace)
    : globals_(globals),
      workspace_(workspace),
      accounts_(loop_, [&workspace](const std::string& account,
                                    bool many) { return workspace.state().spending(account, many); }),
      random_(Random::from_system()) {}

Result<std::unique_ptr<Session>> Session::start(const Globals& globals, Workspace& workspace) {
  auto session = std::unique_ptr<Session>(new Session(globals, workspace));
  CurlClientOptions options;
  options.unacknowledged_max = workspace.state().on_its_way_max();
  // The usual variables for a company's own certificate authority.
  for (const char* name : {"PENSTOCK_CA_FILE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"})
    if (const char* file = std::getenv(name); file != nullptr && options.ca_file.empty())
      options.ca_file = file;
  auto client = CurlClient::create(session->loop_, options);
  if (!client.ok()) return client.error();
  session->client_ = *std::move(client);
  session->stores_ = std::make_unique<Stores>(session->loop_, *session->client_);
  session->watch_ =
      std::make_unique<InterruptWatch>(session->loop_, [raw = session.get()](Interrupt interrupt) {
        raw->signal_ = interrupt.signal;
        // The journal holds what was delivered; the next command recovers from it.
        if (interrupt.nth > 1) ::_exit(interrupted_exit(interrupt.signal));
        say(raw->globals_, "\nstopping: finishing what is under way (once more to stop at once)\n");
        raw->interruption_.interrupt();
      });
  return session;
}

int interrupted_exit(int signal) {
  return signal == SIGTERM ? kTerminated : kInterrupted;
}

}  // namespace penstock::cli
