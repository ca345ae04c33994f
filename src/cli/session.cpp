#include "cli/session.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "net/curl_client.h"
#include "store/store.h"

namespace penstock::cli {

namespace {

// Of every scheme: those of the web go on to curl.
class EveryScheme final : public HttpClient {
 public:
  EveryScheme(Loop& loop, std::unique_ptr<CurlClient> curl) : curl_(std::move(curl)), stores_(loop, *curl_) {}
  Task<HttpOutcome> send(HttpRequest request) override { return stores_.send(std::move(request)); }

 private:
  std::unique_ptr<CurlClient> curl_;
  Stores stores_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> open_client(RealLoop& loop, const Workspace& workspace) {
  CurlClientOptions options;
  options.unacknowledged_max = workspace.state().on_its_way_max();
  options.ca_file = own_authorities();
  options.guarded = true;
  auto curl = CurlClient::create(loop, options);
  if (!curl.ok()) return curl.error();
  return std::unique_ptr<HttpClient>(std::make_unique<EveryScheme>(loop, *std::move(curl)));
}

Session::Session(const Globals& globals, Workspace& workspace)
    : globals_(globals),
      workspace_(workspace),
      accounts_(loop_, [&workspace](const std::string& account,
                                    bool many) { return workspace.state().spending(account, many); }),
      random_(Random::from_system()) {}

Result<std::unique_ptr<Session>> Session::start(const Globals& globals, Workspace& workspace) {
  auto session = std::unique_ptr<Session>(new Session(globals, workspace));
  auto client = open_client(session->loop_, workspace);
  if (!client.ok()) return client.error();
  session->client_ = *std::move(client);
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

std::string own_authorities() {
  for (const char* name : {"PENSTOCK_CA_FILE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"})
    if (const char* file = std::getenv(name); file != nullptr && *file != 0) return file;
  return "";
}

int interrupted_exit(int signal) {
  return signal == SIGTERM ? kTerminated : kInterrupted;
}

}  // namespace penstock::cli
