#include "config/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace penstock::config {
namespace {

// Reports `name` when it is not among `known` (sorted).
void check_name(const Placed<std::string>& name, std::string_view kind, std::string path,
                const std::vector<std::string>& known, Diagnostics& diagnostics) {
  if (!name.place.known() || name->empty()) return;  // missing or malformed: reported when it was read
  if (std::binary_search(known.begin(), known.end(), *name)) return;
  declare::Diagnostic& wrong = diagnostics.error(name.place, fmt::format("there is no {} '{}'", kind, *name));
  wrong.path = std::move(path);
  wrong.hint = declare::did_you_mean(*name, known);
  if (known.empty())
    wrong.remedy = fmt::format("define it in {}s/{}.yaml", kind, *name);
  else
    wrong.remedy = fmt::format("define it in {}s/{}.yaml, or use {}{}", kind, *name,
                               known.size() == 1 ? "" : "one of ", declare::list_names(known));
}

// Walks `after` from sync to sync. A circle is reported once, at the name that closes it.
class CircleFinder {
 public:
  CircleFinder(const Project& project, Diagnostics& diagnostics)
      : project_(project), diagnostics_(diagnostics) {}

  void run() {
    for (const Sync& sync : project_.syncs) visit(sync);
  }

 private:
  enum class State { unseen, open, done };
  // One step of the walk: a sync, and which of those it waits for is next.
  struct Step {
    const Sync* sync;
    size_t next = 0;
  };

  // With a stack of its own: a chain of thousands of syncs must not end ours.
  void visit(const Sync& start) {
    if (states_[&start] != State::unseen) return;
    enter(start);
    while (!path_.empty()) {
      Step& step = path_.back();
      const auto* after = step.sync->schedule ? &step.sync->schedule->after : nullptr;
      if (!after || step.next == after->size()) {
        states_[step.sync] = State::done;
        path_.pop_back();
        continue;
      }
      const Placed<std::string>& name = (*after)[step.next++];
      const Sync* wanted = project_.sync(*name);
      if (!wanted) continue;
      if (states_[wanted] == State::open)
        report(*wanted, name.place);
      else if (states_[wanted] == State::unseen)
        enter(*wanted);
    }
  }

  void enter(const Sync& sync) {
    states_[&sync] = State::open;
    path_.push_back({&sync});
  }

  void report(const Sync& first, const Place& at) {
    std::string circle = first.name;
    const auto start =
        std::find_if(path_.begin(), path_.end(), [&](const Step& step) { return step.sync == &first; });
    for (auto step = start + 1; step < path_.end(); ++step) circle += " after " + step->sync->name;
    circle += " after " + first.name;
    declare::Diagnostic& wrong =
        diagnostics_.error(at, fmt::format("syncs wait for each other in a circle: {}", circle));
    wrong.path = "schedule.after";
    wrong.remedy = "give one of them another schedule";
  }

  const Project& project_;
  Diagnostics& diagnostics_;
  std::map<const Sync*, State> states_;
  std::vector<Step> path_;
};

void check_reference(const Reference& reference, const std::string& path, const declare::Resolver& resolver,
                     Diagnostics& diagnostics) {
  for (const Reference::Piece& piece : reference.pieces) {
    if (piece.kind == Reference::Kind::outer) continue;  // checking files asks nobody over the network
    const auto text = declare::resolve(Reference{{piece}, {}}, resolver);
    if (text.ok()) continue;
    declare::Diagnostic& missing = diagnostics.warning(reference.place, text.error().message);
    missing.path = path;
    missing.remedy = text.error().remedy;
  }
}

}  // namespace

void check_links(const Project& project, Diagnostics& diagnostics) {
  const auto sources = names_of(project.sources), models = names_of(project.models),
             destinations = names_of(project.destinations), syncs = names_of(project.syncs),
             alerts = names_of(project.alerts);
  for (const Model& model : project.models)
    check_name(model.source, "source", "source", sources, diagnostics);
  if (project.sync_log)
    check_name(project.sync_log->source, "source", "sync_log.source", sources, diagnostics);
  for (const Sync& sync : project.syncs) {
    check_name(sync.model, "model", "model", models, diagnostics);
    check_name(sync.destination, "destination", "destination", destinations, diagnostics);
    for (const auto& alert : sync.alerts) check_name(alert, "alert", "alerts", alerts, diagnostics);
    if (!sync.schedule) continue;
    for (const auto& after : sync.schedule->after)
      check_name(after, "sync", "schedule.after", syncs, diagnostics);
  }
  CircleFinder(project, diagnostics).run();
}

std::vector<declare::SeenReference> references_of(const Project& project) {
  std::vector<declare::SeenReference> seen;
  seen.push_back({project.state, "state"});
  if (project.git.token) seen.push_back({*project.git.token, "git.token"});
  if (project.git.webhook_secret) seen.push_back({*project.git.webhook_secret, "git.webhook_secret"});
  const auto add = [&](const auto& named) {
    for (const auto& each : named)
      seen.insert(seen.end(), each.settings.references().begin(), each.settings.references().end());
  };
  add(project.sources);
  add(project.destinations);
  add(project.alerts);
  return seen;
}

void check_references(const Project& project, const declare::Resolver& resolver, Diagnostics& diagnostics) {
  for (const declare::SeenReference& seen : references_of(project))
    check_reference(seen.reference, seen.path, resolver, diagnostics);
}

}  // namespace penstock::config
