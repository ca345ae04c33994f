#include "recall/undo_target.h"

#include <fmt/format.h>

#include "run/discover.h"
#include "run/prepare.h"
#include "run/sync_options.h"

namespace penstock {
namespace {

connector::TargetFacts facts_of(const config::Sync& sync, const std::string& run, const MappedModel& model,
                                connector::MatchKind kind) {
  connector::TargetFacts facts;
  // A key that makes a write the same as an earlier one must not: it would get that one's reply.
  facts.sync = sync.name + "\n" + run;
  facts.object = *sync.object;
  facts.match_kind = kind;
  for (const auto& match : model.mapping.match) {
    facts.match_fields.push_back(match.name);
    facts.match_types.push_back(match.type);
  }
  facts.match_is_personal = !model.mapping.match.empty();
  for (size_t i = 0; i < model.mapping.fields.size(); ++i) {
    facts.fields.push_back(model.mapping.fields[i].name);
    facts.field_types.push_back(model.mapping.fields[i].type);
    if (model.mapping.fields[i].personal) facts.personal.set(i);
    facts.read.set(i);
  }
  return facts;
}

// Every value is written only where the run's own still stands.
RouteRules rules_of(const OverwrittenBy& overwritten, bool removes, bool looks_only) {
  RouteRules rules;
  rules.mode = config::Mode::upsert;
  rules.on_removed = removes ? config::OnRemoved::remove : config::OnRemoved::ignore;
  rules.keeps_before = true;
  rules.looks_only = looks_only;
  rules.spares_changed = true;
  rules.types = overwritten.types;
  rules.write.assign(overwritten.types.size(), WritePolicy::if_unchanged);
  rules.omit_null.assign(overwritten.types.size(), false);
  return rules;
}

bool same_match(const config::Sync& sync, const MappedModel& model) {
  return std::equal(sync.match.begin(), sync.match.end(), model.mapping.match.begin(),
                    model.mapping.match.end(),
                    [](const auto& now, const auto& then) { return now.name == then.name; });
}

}  // namespace

Task<Result<UndoTarget>> bind_undo_target(RunParts parts, const config::Sync& sync, std::string run,
                                          OverwrittenBy& overwritten, bool removes, bool looks_only,
                                          declare::Diagnostics& diagnostics) {
  if (!same_match(sync, overwritten.model))
    co_return Error{ErrorKind::config,
                    fmt::format("'{}' is matched on other fields now than in that run", sync.name),
                    "bring the sync's file back to how it was, for the undo"};
  const auto* destination = parts.workspace.project().destination(*sync.destination);
  const auto connector = parts.workspace.catalog().find(*destination->type);
  auto settings = co_await settings_at_hand(parts.loop, parts.workspace, *destination, Login::needed);
  if (!settings.ok()) co_return settings.error();
  UndoTarget bound;
  bound.rate_share = destination->rate_share.fraction;
  auto access =
      open_access(parts.loop, parts.client, parts.workspace, *destination, *settings, Login::needed);
  if (!access.ok()) co_return access.error();
  bound.access = *std::move(access);
  std::vector<std::string> notes;
  auto kind = co_await find_match_kind(parts.client, *bound.access, connector, *settings, sync, notes);
  if (!kind.ok()) co_return kind.error();
  take_style(overwritten, connector->declaration().values);
  auto facts = facts_of(sync, run, overwritten.model, *kind);
  read_options(sync, *connector, &parts.workspace.resolver(), facts, diagnostics);
  if (!diagnostics.ok()) co_return as_error(diagnostics);
  auto target = connector::Target::bind(connector, *std::move(settings), std::move(facts));
  if (!target.ok()) co_return target.error();
  bound.target = std::make_unique<connector::Target>(*std::move(target));
  RouteRules rules = rules_of(overwritten, removes, looks_only);
  auto router = Router::make(*bound.target, rules);
  // What such a sync deleted can be made again only where records can be made.
  if (!router.ok() && *sync.mode == config::Mode::update) {
    rules.mode = config::Mode::update;
    router = Router::make(*bound.target, std::move(rules));
  }
  if (!router.ok()) co_return Error(router.error()).in("this run cannot be undone");
  bound.router = std::make_unique<Router>(*std::move(router));
  co_return bound;
}

}  // namespace penstock
