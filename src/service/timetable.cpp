#include "service/timetable.h"

#include <algorithm>

#include "source/dbt/dbt.h"

namespace penstock::service {
namespace {

// Runs that were recorded since the last look; more are not made in a second.
constexpr uint64_t kRecentRuns = 200;
// How long what was read is taken as it was: other machines' doings are seen that much later.
constexpr Duration kMarksHold = 10s, kRunsHold = 2s, kDbtHold = 10s;

int64_t priority_of(config::Priority priority) {
  switch (priority) {
    case config::Priority::low:
      return -1;
    case config::Priority::normal:
      return 0;
    case config::Priority::high:
      return 1;
  }
  die("a Priority without a number");
}

std::string cause_of(const config::Schedule& schedule) {
  return schedule.after_dbt ? "dbt" : schedule.after.empty() ? "schedule" : "after";
}

bool has_ended_well(const RunRow& run) {
  return run.finished && (run.status == "succeeded" || run.status == "partial");
}

}  // namespace

uint64_t waiting_in(const std::vector<QueuedRun>& open) {
  return static_cast<uint64_t>(
      std::ranges::count(open, QueuedRun::State::queued, [](const auto& run) { return run.state; }));
}

QueuedRun queued_run(const config::Sync& sync, std::string id, std::string cause, Time asked) {
  QueuedRun run;
  run.run = std::move(id);
  run.sync = sync.name;
  run.destination = *sync.destination;
  run.options = "{}";
  run.cause = std::move(cause);
  run.priority = priority_of(sync.priority);
  run.asked = asked;
  return run;
}

Result<std::vector<PutDue>> Timetable::put_due(const LoadedRef& loaded) {
  const Time now = clock_.now();
  if (loaded != loaded_) {
    dues_.clear();
    marks_read_ = {};
    loaded_ = loaded;
  }
  if (auto read = read_marks(loaded->project(), now); !read.ok()) return read.error();
  if (auto read = read_runs(*loaded->workspace, now); !read.ok()) return read.error();
  std::vector<PutDue> put;
  for (const auto& sync : loaded->project().syncs) {
    auto one = consider(*loaded, sync, now);
    if (!one.ok()) return one.error();
    if (*one) put.push_back(**std::move(one));
  }
  return put;
}

Result<void> Timetable::read_marks(const config::Project& project, Time now) {
  auto open = queue_.open_runs();
  if (!open.ok()) return open.error();
  waiting_ = waiting_in(*open);
  open_.clear();
  for (auto& run : *open) {
    const std::string sync = run.sync;
    open_.emplace(sync, std::move(run));  // the first asked for counts
  }
  if (now < marks_read_ + kMarksHold) return success();
  auto marks = queue_.marks();
  if (!marks.ok()) return marks.error();
  bool is_new = false;
  for (const auto& sync : project.syncs) {
    if (marks->contains(sync.name)) continue;
    is_new = true;
    if (auto noted = queue_.note_seen(sync.name, now); !noted.ok()) return noted;
  }
  if (is_new) marks = queue_.marks();
  if (!marks.ok()) return marks.error();
  marks_ = *std::move(marks);
  marks_read_ = now;
  return success();
}

void Timetable::note(const RunRow& run) {
  Known& known = known_[run.sync];
  if (!known.last_started || run.started > *known.last_started) known.last_started = run.started;
  if (has_ended_well(run) && (!known.ended || *run.finished > *known.ended)) known.ended = run.finished;
}

// What other processes ran, too: but only where a schedule asks for it.
Result<void> Timetable::read_runs(const Workspace& workspace, Time now) {
  const auto& syncs = workspace.project().syncs;
  const bool some_follow = std::ranges::any_of(
      syncs, [](const auto& sync) { return sync.schedule && !sync.schedule->after.empty(); });
  const bool some_are_new =
      std::ranges::any_of(syncs, [&](const auto& sync) { return !looked_up_.contains(sync.name); });
  if (!some_are_new && (!some_follow || now < runs_read_ + kRunsHold)) return success();
  auto store = workspace.existing_runs();
  if (!store.ok()) return store.error();
  if (!*store) return success();
  if (auto looked = look_up(workspace, **store); !looked.ok()) return looked;
  auto recent = (*store)->list("", kRecentRuns);
  if (!recent.ok()) return recent.error();
  for (const auto& run : *recent) note(run);
  runs_read_ = now;
  return success();
}

// Of a sync that is new to us the last runs may lie further back.
Result<void> Timetable::look_up(const Workspace& workspace, RunStore& store) {
  for (const auto& sync : workspace.project().syncs) {
    if (!looked_up_.insert(sync.name).second) continue;
    auto last = store.list(sync.name, 20);
    if (!last.ok()) return last.error();
    for (const auto& run : *last) note(run);
  }
  return success();
}

std::optional<Time> Timetable::made_by_dbt(const Loaded& loaded, const config::Sync& sync, Time now) {
  if (now >= dbt_read_ + kDbtHold) {
    dbt_read_ = now;
    made_by_dbt_.clear();
    if (const auto made = dbt::made_models(real_disk(), loaded.project()); made.ok())
      for (const auto& [model, result] : *made)
        if (result.ok && result.at) made_by_dbt_.emplace(model, *result.at);
  }
  const auto found = made_by_dbt_.find(*sync.model);
  return found == made_by_dbt_.end() ? std::nullopt : std::optional(found->second);
}

schedule::Past Timetable::past_of(const Loaded& loaded, const config::Sync& sync, Time now) {
  schedule::Past past;
  const SyncMark& mark = marks_.at(sync.name);
  past.seen = mark.seen;
  past.mark = mark.due;
  if (const auto found = known_.find(sync.name); found != known_.end())
    past.last_started = found->second.last_started;
  past.ended = [this](const std::string& name) {
    const auto found = known_.find(name);
    return found == known_.end() ? std::nullopt : found->second.ended;
  };
  past.made_by_dbt = [this, &loaded, &sync, now] { return made_by_dbt(loaded, sync, now); };
  return past;
}

// The next time is in the future, and nothing has changed that it was found from.
bool Timetable::still_holds(const Due& due, const config::Sync& sync, Time now) const {
  const SyncMark& mark = marks_.at(sync.name);
  return due.next && *due.next > now && due.mark == mark.due && !mark.paused;
}

Result<std::optional<PutDue>> Timetable::consider(const Loaded& loaded, const config::Sync& sync, Time now) {
  Due& due = dues_[sync.name];
  SyncMark& mark = marks_.at(sync.name);
  const auto open = open_.find(sync.name);
  due.late_since.reset();
  if (open != open_.end() && open->second.state == QueuedRun::State::queued &&
      open->second.asked + kLateAfter < now)
    due.late_since = open->second.asked;
  if (still_holds(due, sync, now)) return std::optional<PutDue>();
  due = {.next = {},
         .late_since = due.late_since,
         .paused = mark.paused,
         .paused_by = mark.paused_by,
         .trouble = {},
         .mark = mark.due};
  if (!sync.schedule || sync.paused || mark.paused) return std::optional<PutDue>();
  auto next = schedule::next_due(*sync.schedule, sync.name, past_of(loaded, sync, now), now);
  if (!next.ok()) {
    due.trouble = next.error().message;
    return std::optional<PutDue>();
  }
  if (!*next) return std::optional<PutDue>();
  due.next = (*next)->at;
  if ((*next)->at > now) return std::optional<PutDue>();
  // No overlap: while one goes on, the due time stays due, and is seen to when that one is over.
  if (open != open_.end()) {
    due.late_since = due.late_since.value_or((*next)->at);
    return std::optional<PutDue>();
  }
  QueuedRun run = queued_run(sync, loaded.workspace->new_run_id(), cause_of(*sync.schedule), (*next)->at);
  auto put = queue_.put_due(run, mark.due);
  if (!put.ok()) return put.error();
  // Somebody else saw to it: then the mark is another one.
  if (!*put) return look_again(), std::optional<PutDue>();
  mark.due = run.asked;
  open_.emplace(sync.name, run);
  ++waiting_;
  return std::optional(PutDue{std::move(run), (*next)->missed});
}

}  // namespace penstock::service
