#include "run/prepare.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "run/discover.h"
#include "run/estimate.h"
#include "run/field_rules.h"
#include "run/model_columns.h"
#include "run/prepare_rows.h"
#include "run/sync_options.h"
#include "run/target_checks.h"

namespace penstock {
namespace {

using connector::Connector;
using connector::MatchKind;
using connector::TargetFacts;
using declare::Diagnostics;

TargetFacts facts_of(const config::Sync& sync, const MappedModel& mapped, MatchKind kind, Purpose purpose) {
  const bool reads_all = sync.before == config::Before::keep || sync.skip_equal || purpose != Purpose::run;
  TargetFacts facts;
  facts.sync = sync.name;
  facts.object = *sync.object;
  facts.match_kind = kind;
  for (const auto& match : sync.match) facts.match_fields.push_back(match.name);
  for (const auto& match : mapped.mapping.match) {
    facts.match_types.push_back(match.type);
    facts.match_is_personal = facts.match_is_personal || match.personal;
  }
  for (size_t i = 0; i < mapped.mapping.fields.size(); ++i) {
    const MappedField& field = mapped.mapping.fields[i];
    facts.fields.push_back(field.name);
    facts.field_types.push_back(field.type);
    if (field.personal) facts.personal.set(i);
    if (reads_all || field.conditional()) facts.read.set(i);
  }
  return facts;
}

RouteRules rules_of(const config::Sync& sync, const MappedModel& mapped, Purpose purpose) {
  RouteRules rules;
  rules.keeps_before = sync.before == config::Before::keep;
  rules.skips_equal = sync.skip_equal;
  rules.looks_only = purpose != Purpose::run;
  rules.finds_drift = purpose == Purpose::drift;
  rules.mode = *sync.mode;
  rules.follow = sync.match_change == config::MatchChange::follow;
  rules.on_removed = sync.on_removed;
  for (const auto& field : mapped.mapping.fields) {
    rules.write.push_back(field.write);
    rules.omit_null.push_back(field.omit_null);
  }
  return rules;
}

void check_limits(const config::Sync& sync, const MappedModel& mapped, const Connector& connector,
                  Diagnostics& diagnostics) {
  const connector::Object* object = connector.object(*sync.object);
  if (sync.match.size() > 1 && object != nullptr && !object->several)
    diagnostics.error(sync.match[1].name_place, fmt::format("{} are matched on one field", *sync.object));
  if (mapped.mapping.fields.size() > connector::kFieldsMax)
    diagnostics.error(sync.place, fmt::format("a sync maps at most {} fields, this one {}",
                                              connector::kFieldsMax, mapped.mapping.fields.size()));
}

uint64_t digest(const MappedModel& mapped, const Connector& connector) {
  const std::string description = mapped.mapping.description();
  return XXH3_64bits_withSeed(description.data(), description.size(), connector.digest());
}

}  // namespace

Result<connector::TargetSettings> resolve_settings(const config::Destination& destination,
                                                   const declare::Resolver& resolver, Login login) {
  connector::TargetSettings settings;
  for (const auto& setting : destination.settings.all()) {
    const auto& type = setting.shape->type();
    std::string text;
    if (type == typeid(declare::Reference)) {
      auto resolved =
          declare::resolve(*static_cast<const declare::Reference*>(setting.value.get()), resolver);
      if (!resolved.ok() && login == Login::needed)
        return std::move(resolved).error().in(fmt::format("destination '{}'", destination.name));
      if (resolved.ok()) text = *std::move(resolved);
    } else {
      text = setting_text(setting);
    }
    if (setting.secret && !text.empty()) settings.secrets.push_back(text);
    settings.values.emplace(setting.name, std::move(text));
  }
  return settings;
}

Task<Result<connector::TargetSettings>> settings_at_hand(Loop& loop, const Workspace& workspace,
                                                         const config::Destination& destination,
                                                         Login login) {
  co_return co_await loop.offload([&] { return resolve_settings(destination, workspace.resolver(), login); });
}

Result<std::unique_ptr<Access>> open_access(Loop& loop, HttpClient& client, Workspace& workspace,
                                            const config::Destination& destination,
                                            const connector::TargetSettings& settings, Login login) {
  const auto connector = workspace.catalog().find(*destination.type);
  auto access = std::make_unique<Access>(
      loop, client, connector::bind_login(connector->declaration(), settings.values, settings.secrets),
      RefreshTokens(workspace.disk(), workspace.paths().logins(), destination.name, workspace.locks()));
  if (login == Login::needed)
    if (auto checked = access->check_settings(); !checked.ok())
      return Error(checked.error()).in(fmt::format("destination '{}'", destination.name));
  return access;
}

OpenOptions open_options(const Workspace& workspace) {
  return {.project_directory = workspace.project().directory,
          .temporary_directory = workspace.paths().temporary(),
          .threads = 0};
}

namespace {

// Opens and maps the model: the part that blocks.
Result<void> open_and_map(const Workspace& workspace, PreparedSync& prepared, Login login,
                          Diagnostics& diagnostics, const OpenRows& rows) {
  auto facts = field_facts(workspace, *prepared.sync, *prepared.destination, login);
  if (!facts.ok()) return facts.error();
  auto opened =
      rows ? rows()
           : open_model(workspace.project(), *prepared.model, workspace.resolver(), open_options(workspace));
  if (!opened.ok()) return opened.error();
  prepared.opened = *std::move(opened);
  if (auto defined = transform::define_transform_functions(*prepared.opened.connection); !defined.ok())
    return defined.error();
  prepared.mapped = map_model(*prepared.opened.connection, prepared.opened.shape, prepared.opened.columns,
                              *prepared.model, *prepared.sync, diagnostics, *facts);
  prepared.mapped.relation = prepared.opened.relation;
  return success();
}

}  // namespace

Result<void> open_again(const Workspace& workspace, PreparedSync& prepared) {
  prepared.mapped = {};
  prepared.opened = {};
  Diagnostics diagnostics;
  if (auto opened = open_and_map(workspace, prepared, prepared.login, diagnostics, {}); !opened.ok())
    return opened;
  return diagnostics.ok() ? success() : Result<void>(as_error(diagnostics));
}

Task<Result<PreparedSync>> prepare_sync(Loop& loop, HttpClient& client, Workspace& workspace,
                                        const config::Sync& sync, Login login, Diagnostics& diagnostics,
                                        Purpose purpose) {
  return prepare_sync_with(loop, client, workspace, sync, login, diagnostics, {}, purpose);
}

Task<Result<PreparedSync>> prepare_sync_with(Loop& loop, HttpClient& client, Workspace& workspace,
                                             const config::Sync& sync, Login login, Diagnostics& diagnostics,
                                             OpenRows rows, Purpose purpose) {
  PreparedSync prepared;
  prepared.sync = &sync;
  prepared.login = login;
  prepared.model = workspace.project().model(*sync.model);
  prepared.destination = workspace.project().destination(*sync.destination);
  auto opened =
      co_await loop.offload([&] { return open_and_map(workspace, prepared, login, diagnostics, rows); });
  if (!opened.ok()) co_return opened.error();
  const connector::ConnectorRef connector = workspace.catalog().find(*prepared.destination->type);
  check_with_connector(sync, *connector, diagnostics);
  check_limits(sync, prepared.mapped, *connector, diagnostics);
  if (!diagnostics.ok()) explain_lost_columns(workspace, prepared, diagnostics);
  if (!diagnostics.ok()) co_return as_error(diagnostics);

  auto settings = co_await settings_at_hand(loop, workspace, *prepared.destination, login);
  if (!settings.ok()) co_return settings.error();
  auto access = open_access(loop, client, workspace, *prepared.destination, *settings, login);
  if (!access.ok()) co_return access.error();
  prepared.access = *std::move(access);
  auto kind = co_await find_match_kind(client, *prepared.access, connector, *settings, sync, prepared.notes);
  if (!kind.ok()) co_return kind.error();
  TargetFacts facts = facts_of(sync, prepared.mapped, *kind, purpose);
  read_options(sync, *connector, &workspace.resolver(), facts, diagnostics);
  if (!diagnostics.ok()) co_return as_error(diagnostics);
  auto target = connector::Target::bind(connector, *std::move(settings), std::move(facts));
  if (!target.ok()) co_return target.error();
  prepared.target = std::make_unique<connector::Target>(*std::move(target));
  if (sync.guard.max_quota && !declares_day(*prepared.target))
    prepared.notes.push_back(no_day_to_guard(*prepared.target));
  auto router = checked_router(sync, *prepared.target, rules_of(sync, prepared.mapped, purpose), diagnostics);
  if (!router) co_return as_error(diagnostics);
  prepared.router = std::make_unique<Router>(*std::move(router));
  prepared.cause = digest(prepared.mapped, *connector);
  co_return prepared;
}

}  // namespace penstock
