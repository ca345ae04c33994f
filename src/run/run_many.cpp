#include "run/run_many.h"

#include <map>
#include <memory>

#include "async/sync.h"
#include "async/task_group.h"
#include "run/starts.h"

namespace penstock {
namespace {

bool came_to_its_end(const Result<RunReport>& report) {
  return report.ok() && (report->run.status == "succeeded" || report->run.status == "partial");
}

class ManyRuns {
 public:
  ManyRuns(RunParts parts, RunRequest request, OnEnded on_ended, ManyOptions options)
      : parts_(std::move(parts)),
        request_(std::move(request)),
        on_ended_(std::move(on_ended)),
        plans_(parts_.loop, options.plans_at_once),
        starts_(parts_.loop, options.runs_at_once),
        tasks_(parts_.loop) {
    parts_.plans = &plans_;
  }

  Task<void> run(std::vector<const config::Sync*> syncs) {
    for (const auto* sync : syncs) standings_.emplace(sync->name, std::make_unique<Standing>(parts_.loop));
    for (const auto* sync : syncs) tasks_.spawn(run_in_turn(sync));
    co_await parts_.loop.yield();  // until all that may begin have asked
    starts_.open();
    co_await tasks_.join();
  }

 private:
  struct Standing {
    explicit Standing(Loop& loop) : ended(loop) {}
    Event ended;
    bool well = false;
  };

  Task<void> run_in_turn(const config::Sync* sync) {
    Standing& own = *standings_.at(sync->name);
    EndedSync ended{*sync, std::nullopt, {}, co_await forerunner_that_failed(*sync)};
    if (ended.because.empty()) {
      co_await starts_.wait(*sync);
      if (!parts_.interruption.asked()) {
        ended.report = co_await run_sync(parts_, *sync, request_, ended.diagnostics);
        own.well = came_to_its_end(*ended.report);
      }
      starts_.ended(*sync);
    }
    on_ended_(ended);
    own.ended.set();
  }

  // Waits for all that the sync follows; the name of one that did not come to its end, or empty.
  Task<std::string> forerunner_that_failed(const config::Sync& sync) {
    std::string failed;
    if (!sync.schedule) co_return failed;
    for (const auto& name : sync.schedule->after) {
      const auto found = standings_.find(name.value);
      if (found == standings_.end()) continue;
      co_await found->second->ended.wait();
      if (!found->second->well && failed.empty()) failed = name.value;
    }
    co_return failed;
  }

  RunParts parts_;
  RunRequest request_;
  OnEnded on_ended_;
  Semaphore plans_;
  Starts starts_;
  std::map<std::string, std::unique_ptr<Standing>> standings_;
  TaskGroup tasks_;
};

}  // namespace

Task<void> run_many(RunParts parts, std::vector<const config::Sync*> syncs, RunRequest request,
                    OnEnded on_ended, ManyOptions options) {
  ManyRuns runs(std::move(parts), std::move(request), std::move(on_ended), options);
  co_await runs.run(std::move(syncs));
}

}  // namespace penstock
