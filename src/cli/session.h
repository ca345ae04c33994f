// What a command that talks to destinations needs: a loop, a client, and Ctrl-C that ends things in good
// order.
#pragma once

#include <memory>

#include "async/interrupts.h"
#include "async/real_loop.h"
#include "cli/command.h"
#include "net/http.h"
#include "run/run.h"

namespace penstock::cli {

class Session {
 public:
  static Result<std::unique_ptr<Session>> start(const Globals& globals, Workspace& workspace);
  RunParts parts(OnProgress on_progress) {
    return {loop_, *client_, workspace_, random_, interruption_, std::move(on_progress), nullptr, &accounts_};
  }
  RealLoop& loop() { return loop_; }
  HttpClient& client() { return *client_; }
  Random& random() { return random_; }
  // 0, or the signal that asked us to stop.
  int signal() const { return signal_; }

 private:
  Session(const Globals& globals, Workspace& workspace);
  const Globals& globals_;
  Workspace& workspace_;
  // A store's request keeps a thread busy until it is answered.
  RealLoop loop_{24};
  Accounts accounts_;
  std::unique_ptr<HttpClient> client_;
  Random random_;
  Interruption interruption_;
  std::unique_ptr<InterruptWatch> watch_;
  int signal_ = 0;
};

// The way to the destinations of a workspace: HTTP, and the stores that do not speak it. The loop outlives
// it.
Result<std::unique_ptr<HttpClient>> open_client(RealLoop& loop, const Workspace& workspace);
// The file of a company's own certificate authority, as the usual variables name it; empty: none.
std::string own_authorities();

// The exit code of a run that was interrupted by `signal`, or kInterrupted.
int interrupted_exit(int signal);

}  // namespace penstock::cli
