#include "run/discover.h"

#include <fmt/format.h>

#include "run/prepare.h"

namespace penstock {

using connector::Connector;
using connector::DiscoveredField;
using connector::MatchKind;
using connector::Verdict;

namespace {

ErrorKind kind_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::auth:
      return ErrorKind::auth;
    case Verdict::forbidden:
      return ErrorKind::permission;
    case Verdict::quota:
      return ErrorKind::quota;
    default:
      return ErrorKind::transient;
  }
}

// The connector's common rules tell what a reply means that is not a list of fields.
connector::ReplyReading reading_of(const Connector& connector, const HttpReply& reply) {
  const connector::Operation none;
  return connector::read_reply(none, connector.declaration(), reply.status, reply.body, {});
}

// Sends the request with the login; again when that is refused and can be renewed.
Task<Result<HttpReply>> ask(HttpClient& client, Access& access, connector::ConnectorRef connector,
                            HttpRequest request) {
  for (uint32_t refusals = 0;; ++refusals) {
    auto admitted = co_await access.admit(request);
    if (!admitted.ok()) co_return admitted.error();
    HttpOutcome outcome = co_await client.send(std::move(admitted->request));
    if (!outcome.replied()) co_return outcome.failure().error;
    HttpReply reply = std::move(outcome).reply();
    if (reading_of(*connector, reply).verdict != Verdict::auth) co_return reply;
    if (!access.renew(admitted->pass, refusals, date_of(reply))) co_return reply;
  }
}

}  // namespace

Task<Result<std::vector<DiscoveredField>>> discover_fields(HttpClient& client, Access& access,
                                                           connector::ConnectorRef connector,
                                                           connector::TargetSettings settings,
                                                           std::string object) {
  const auto& rule = connector->declaration().discover.fields;
  const std::string& title = connector->declaration().title;
  if (!rule) co_return Error{ErrorKind::config, fmt::format("{} cannot list its fields", title), ""};
  const auto target = connector::Target::bind(connector, std::move(settings), {.object = object});
  if (!target.ok()) co_return target.error();
  HttpRequest request;
  request.url = *target->discover_fields_url();
  request.headers = target->headers();
  request.timeouts.total = 30s;
  auto asked = co_await ask(client, access, connector, std::move(request));
  if (!asked.ok()) co_return asked.error();
  const HttpReply& reply = *asked;
  if (reply.status == 200) co_return connector::read_discovered_fields(*rule, reply.body);
  const auto reading = reading_of(*connector, reply);
  co_return Error{kind_of(reading.verdict),
                  fmt::format("{} does not list the fields of {}: {}", title, object,
                              reading.message.empty() ? fmt::format("status {}", reply.status)
                                                      : access.without_secrets(reading.message)),
                  reading.verdict == Verdict::auth ? "mend the login in the destination's file" : ""};
}

Task<Result<std::vector<DiscoveredField>>> discover_fields(Loop& loop, HttpClient& client,
                                                           Workspace& workspace,
                                                           const config::Destination& destination,
                                                           std::string object) {
  auto settings = co_await settings_at_hand(loop, workspace, destination, Login::needed);
  if (!settings.ok()) co_return settings.error();
  auto access = open_access(loop, client, workspace, destination, *settings, Login::needed);
  if (!access.ok()) co_return access.error();
  co_return co_await discover_fields(client, **access, workspace.catalog().find(*destination.type),
                                     *std::move(settings), std::move(object));
}

Task<Result<MatchKind>> find_match_kind(HttpClient& client, Access& access, connector::ConnectorRef connector,
                                        connector::TargetSettings settings, const config::Sync& sync,
                                        std::vector<std::string>& notes) {
  if (sync.match.empty()) co_return MatchKind::search;
  const std::string& field = sync.match[0].name;
  const connector::Object* object = connector->object(*sync.object);
  if (const auto known = Connector::match_kind(*object, field)) co_return *known;
  auto fields = co_await discover_fields(client, access, connector, std::move(settings), *sync.object);
  const bool was_asked = connector->declaration().discover.fields.has_value();
  if (!fields.ok() &&
      (fields.error().kind == ErrorKind::auth || fields.error().kind == ErrorKind::permission ||
       (fields.error().kind == ErrorKind::config && was_asked)))
    co_return fields.error();
  if (!fields.ok()) {
    notes.push_back(
        fmt::format("whether '{}' is unique there could not be asked ({}); records would be searched for",
                    field, fields.error().message));
    co_return MatchKind::search;
  }
  std::vector<std::string> names;
  for (const auto& one : *fields) {
    if (one.name == field) co_return one.unique ? MatchKind::unique : MatchKind::search;
    names.push_back(one.name);
  }
  const std::string nearest = declare::did_you_mean(field, names);
  co_return Error{
      ErrorKind::config,
      fmt::format("{}: {} have no field '{}'", sync.match[0].name_place.show(), *sync.object, field),
      fmt::format("{}{}`penstock discover {} {}` lists the fields", nearest, nearest.empty() ? "" : "; ",
                  *sync.destination, *sync.object)};
}

}  // namespace penstock
