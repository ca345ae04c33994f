#include "run/target_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "run/sync_options.h"

namespace penstock {
namespace {

using connector::BoundOperation;
using connector::Connector;
using connector::MatchKind;
using connector::Target;
using declare::Diagnostics;

bool is_matched_on(const config::Sync& sync, const std::string& field) {
  return std::any_of(sync.match.begin(), sync.match.end(),
                     [&](const auto& match) { return match.name == field; });
}

// What the operations have a place for by name.
std::vector<std::string> named_fields(const std::vector<const BoundOperation*>& writes) {
  std::vector<std::string> names;
  for (const auto* write : writes) {
    names.insert(names.end(), write->takes.names.begin(), write->takes.names.end());
    for (const auto& prefix : write->takes.prefixes) names.push_back(prefix + "*");
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// Fields that no request of the mode has a place for would be dropped in silence.
void check_taken(const config::Sync& sync, const Target& target,
                 const std::vector<const BoundOperation*>& writes, Diagnostics& diagnostics) {
  for (const auto& field : sync.fields) {
    const bool taken = std::any_of(writes.begin(), writes.end(), [&](const BoundOperation* write) {
      return write->takes.takes(field.name);
    });
    if (taken || is_matched_on(sync, field.name)) continue;
    const auto names = named_fields(writes);
    auto& diagnostic = diagnostics.error(
        field.name_place,
        fmt::format("the field '{}' would not be sent: requests of {} for {} have no place for it",
                    field.name, target.connector().declaration().title, *sync.object));
    diagnostic.hint = declare::did_you_mean(field.name, names);
    diagnostic.remedy = names.empty() ? "remove it: only what is matched on is sent"
                                      : fmt::format("they take {}", declare::list_names(names));
  }
}

// Whether there is a place for more than what is matched on.
bool takes_fields(const config::Sync& sync, const connector::TakenFields& taken) {
  return taken.all || !taken.prefixes.empty() ||
         std::any_of(taken.names.begin(), taken.names.end(),
                     [&](const auto& name) { return !is_matched_on(sync, name); });
}

void check_given(const config::Sync& sync, const std::vector<const BoundOperation*>& writes,
                 Diagnostics& diagnostics) {
  const bool takes_some = std::any_of(writes.begin(), writes.end(), [&](const BoundOperation* write) {
    return takes_fields(sync, write->takes);
  });
  if (!sync.fields.empty() || !takes_some) return;
  diagnostics
      .error(sync.place,
             fmt::format("the field 'fields' is missing in a sync of mode {}", config::name_of(*sync.mode)))
      .remedy = "say what is sent, for example 'fields: { firstname: first_name }'";
}

// Whether another match value means another key: then no row ever gets a new one.
bool match_is_in_key(const config::Sync& sync, const config::Model& model) {
  return std::all_of(sync.match.begin(), sync.match.end(), [&](const auto& match) {
    return match.value.from && std::any_of(model.primary_key.begin(), model.primary_key.end(),
                                           [&](const auto& column) { return *column == **match.value.from; });
  });
}

void warn_of_old_records(const config::Sync& sync, const config::Model& model, const Target& target,
                         const Router& router, Diagnostics& diagnostics) {
  if (!router.leaves_old_records() || match_is_in_key(sync, model)) return;
  auto& warning = diagnostics.warning(
      sync.match[0].name_place,
      fmt::format("when a row gets another '{}', {} gets another of {}, and the old one stays there",
                  sync.match[0].name, target.connector().declaration().title, *sync.object));
  const auto* removal = target.remove();
  const bool can_remove = removal != nullptr && target.upsert() != nullptr &&
                          (!removal->needs_record || target.facts().match_kind == MatchKind::id);
  warning.remedy = fmt::format(
      "{}match on the model's primary key, or say 'match_change: new' where the old one may stay",
      can_remove ? "use mode mirror or 'on_removed: delete', and the old one is removed; or " : "");
}

RouteRules rules_as_written(const config::Sync& sync) {
  RouteRules rules;
  rules.mode = *sync.mode;
  rules.follow = sync.match_change == config::MatchChange::follow;
  rules.on_removed = sync.on_removed;
  rules.keeps_before = sync.before == config::Before::keep;
  rules.skips_equal = sync.skip_equal;
  for (const auto& field : sync.fields) {
    rules.write.push_back(field.value.write);
    rules.omit_null.push_back(field.value.null == config::NullValue::omit);
  }
  return rules;
}

}  // namespace

std::optional<Router> checked_router(const config::Sync& sync, const Target& target, RouteRules rules,
                                     Diagnostics& diagnostics) {
  auto router = Router::make(target, std::move(rules));
  if (!router.ok()) {
    diagnostics.error(sync.mode.place, router.error().message).remedy = router.error().remedy;
    return std::nullopt;
  }
  const uint64_t before = diagnostics.errors();
  const auto writes = router->writes();
  check_taken(sync, target, writes, diagnostics);
  check_given(sync, writes, diagnostics);
  if (diagnostics.errors() > before) return std::nullopt;
  return *std::move(router);
}

void check_without_destination(const config::Sync& sync, const config::Model& model,
                               const connector::ConnectorRef& connector, Diagnostics& diagnostics) {
  const connector::Object* object = connector->object(*sync.object);
  if (object == nullptr) return;
  const auto kind = sync.match.empty() ? std::optional(MatchKind::search)
                                       : Connector::match_kind(*object, sync.match[0].name);
  if (!kind || sync.fields.size() > connector::kFieldsMax) return;
  connector::TargetFacts facts;
  facts.object = *sync.object;
  facts.match_kind = *kind;
  for (const auto& match : sync.match) facts.match_fields.push_back(match.name);
  for (const auto& field : sync.fields) facts.fields.push_back(field.name);
  const uint64_t before = diagnostics.errors();
  read_options(sync, *connector, nullptr, facts, diagnostics);
  if (diagnostics.errors() > before) return;
  const auto target = Target::bind(connector, {}, std::move(facts));
  if (!target.ok()) {
    const declare::Place& place = sync.match.empty() ? sync.object.place : sync.match[0].name_place;
    diagnostics.error(place, target.error().message).remedy = target.error().remedy;
    return;
  }
  const auto router = checked_router(sync, *target, rules_as_written(sync), diagnostics);
  if (router) warn_of_old_records(sync, model, *target, *router, diagnostics);
}

}  // namespace penstock
