// One run from start to end. Read this folder first: run.cpp is the sentence that describes a run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/sync.h"
#include "deliver/accounts.h"
#include "deliver/deliver.h"
#include "plan/guards.h"
#include "plan/plan_file.h"
#include "run/estimate.h"
#include "run/look_counts.h"
#include "run/prepare.h"
#include "run/stage_times.h"
#include "run/workspace.h"

namespace penstock {

enum class RunKind { usual, full, baseline, retry };
std::string_view name_of(RunKind kind);

struct RunRequest {
  std::string id = {};  // of the run, where it was given one before; empty: it gets a new one
  RunKind kind = RunKind::usual;
  std::optional<uint64_t> limit;
  std::optional<std::string> key;  // as a person types it
  uint64_t samples = 0;            // rows of each kind to be shown
  bool before = false;             // of a plan: the destination is asked what it holds
  std::optional<Time> as_of = {};  // in the place of now, for rows that wait for their time
  std::string out = {};            // of a plan: the file that it is kept in
  std::string version = {};        // of the program, for that file
  // What the run sends, or nothing. Shared: requests are copied, and a file is read once.
  std::shared_ptr<const PlanFile> reviewed = {};
  std::vector<std::string> confirmed = {};  // guards that a person passes this once
};

// A plan with what people want to know about it.
struct PlannedSync {
  std::string sync;
  Plan plan;
  Estimate estimate;
  std::optional<GuardStop> guard;
  std::optional<PlanFile> kept;    // in the request's `out`
  std::optional<PlanFile> read;    // whose plan this is
  std::optional<GuardStop> moved;  // why the plan of `reviewed` does not hold any longer
  std::string approved_by;         // who approved of that file
  std::vector<std::string> notes;
  std::optional<LookCounts> looked;  // where it was asked for
};

// Rows that were refused for one reason.
struct RefusedGroup {
  std::string code, message;
  std::string outcome;  // rejected, in_doubt or failed
  uint64_t rows = 0;
  std::vector<std::string> keys;  // a few
};

struct RunReport {
  RunRow run;
  std::optional<GuardStop> guard;
  std::optional<Error> error;
  std::vector<RefusedGroup> refused;
  std::vector<InvalidRow> invalid;
  std::vector<std::string> notes;
  uint64_t equal = 0;        // rows that were not written, since the destination said so already
  uint64_t kept_fields = 0;  // values of others that were left alone
  StageTimes stages;
  std::optional<KeyCounts> standing{};  // of all rows of the sync, after the run; where it could be read
};

// What a display is told while a run goes on. Called on the loop's thread, several times a second.
struct RunProgress {
  RunStage stage = RunStage::opening;
  std::string sync, run, destination;
  Instant started{};
  PlanCounts plan;  // from `delivering` on
  DeliveryProgress delivery;
  std::vector<LimitUse> limits{};   // of the account, while it delivers
  std::vector<StageCost> stages{};  // that have ended
};
using OnProgress = std::function<void(const RunProgress&)>;

// A request of a run has ended. Called on the loop's thread.
using OnRequest = std::function<void(const config::Sync&, const SentRequest&)>;

// Lets a signal handler end what is going on, in however many runs. Loop thread only.
class Interruption {
 public:
  // Ends planning with an error, and delivery after what is in flight.
  void interrupt();
  bool asked() const { return asked_; }

  // What ends one run: one thing at a time. Forgotten with the run.
  class Act {
   public:
    explicit Act(Interruption& interruption) : interruption_(interruption) {}
    Act(const Act&) = delete;
    Act& operator=(const Act&) = delete;
    ~Act() { interruption_.acts_.erase(this); }
    void is(std::function<void()> act) { interruption_.acts_[this] = std::move(act); }
    void is_nothing() { interruption_.acts_.erase(this); }

   private:
    Interruption& interruption_;
  };

 private:
  bool asked_ = false;
  std::map<const Act*, std::function<void()>> acts_;
};

struct RunParts {
  Loop& loop;
  HttpClient& client;
  Workspace& workspace;
  Random& random;
  Interruption& interruption;
  OnProgress on_progress;
  Semaphore* plans = nullptr;  // how many may be made at once; null: any number
  // Shared by all runs of the process; null: this run has its limits for itself.
  Accounts* accounts = nullptr;
  OnRequest on_request = {};
};

// Plans without sending: takes part in nothing but the recovery of a run that crashed.
Task<Result<PlannedSync>> plan_sync(RunParts parts, const config::Sync& sync, RunRequest request,
                                    declare::Diagnostics& diagnostics);

// Plans and delivers. An error means that nothing was touched (configuration, source, lock); what happens
// later is in the report.
Task<Result<RunReport>> run_sync(RunParts parts, const config::Sync& sync, RunRequest request,
                                 declare::Diagnostics& diagnostics);

// The key as a person types it: its parts separated by commas, or a JSON list of them, when there are
// several.
Result<KeyHash> parse_key(const std::string& text, size_t columns);

}  // namespace penstock
