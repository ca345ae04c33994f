// Tells pages what goes on, as server-sent events. Private to server/.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "net/reply_stream.h"
#include "service/watcher.h"

namespace penstock::server {

// Thread-safe. Whoever does not read fast enough is cut off, and comes again by itself.
class EventHub final : public service::Watcher {
 public:
  // A stream that hears of everything, or of one run only.
  std::shared_ptr<ReplyStream> follow(const std::string& run, const std::string& hello);
  // Comments that keep connections alive, and find out which are gone. To be called every 15 seconds.
  void keep_alive();
  void close();

  // `state`: planning, ready, failed, expired, or run; `run`: that a run was asked for with it.
  void tell_plan(const std::string& id, const std::string& sync, std::string_view state,
                 const std::string& run = "");

  void on_queued(const QueuedRun& run) override;
  void on_begun(const QueuedRun& run) override;
  void on_progress(const QueuedRun& run, const RunProgress& progress) override;
  void on_ended(const QueuedRun& run, const service::LoadedRef& loaded, const config::Sync* sync,
                const Result<RunReport>& result) override;
  void on_loaded(const service::LoadedRef& loaded) override;

 private:
  struct Listener {
    std::shared_ptr<ReplyStream> stream;
    std::string run;  // empty: all
  };
  void tell(std::string_view event, const std::string& run, const std::string& json);

  std::mutex mutex_;
  std::list<Listener> listeners_;
};

}  // namespace penstock::server
