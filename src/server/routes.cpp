#include "server/routes.h"

#include "server/handlers.h"

namespace penstock::server {
namespace {

constexpr Route kRoutes[] = {
    {"GET", "/session", Need::anybody, &get_session},
    {"POST", "/session", Need::anybody, &login},
    {"DELETE", "/session", Need::somebody, &logout},
    {"GET", "/session/provider", Need::anybody, &begin_provider_login},
    {"GET", "/session/provider/callback", Need::anybody, &end_provider_login},

    {"GET", "/project", Need::view, &get_project},
    {"GET", "/schemas/{kind}", Need::view, &get_schema},
    {"GET", "/files", Need::view, &list_files},
    {"GET", "/files/content", Need::view, &get_file},
    {"POST", "/files/validate", Need::edit, &validate_files},
    {"POST", "/files/commit", Need::edit, &commit_files},
    {"GET", "/git", Need::view, &get_git},
    {"GET", "/git/log", Need::view, &get_git_log},
    {"POST", "/git/pull", Need::edit, &pull},
    {"POST", "/git/push", Need::edit, &push},
    {"POST", "/git/rollback", Need::edit, &roll_back},

    {"GET", "/sources", Need::view, &list_sources},
    {"POST", "/sources/{name}/check", Need::run, &check_source},
    {"GET", "/sources/{name}/tables", Need::view_rows, &list_source_tables},
    {"GET", "/models", Need::view, &list_models},
    {"GET", "/models/{name}/preview", Need::view_rows, &preview_model},
    {"POST", "/preview", Need::edit, &preview_query},

    {"GET", "/destinations", Need::view, &list_destinations},
    {"POST", "/destinations/{name}/check", Need::run, &check_destination},
    {"GET", "/destinations/{name}/objects", Need::view, &list_objects},
    {"GET", "/destinations/{name}/objects/{object}", Need::view, &list_fields},
    {"GET", "/connectors", Need::view, &list_connectors},
    {"GET", "/connectors/{name}", Need::view, &get_connector},
    {"GET", "/transforms", Need::view, &list_transforms},

    {"GET", "/syncs", Need::view, &list_syncs},
    {"GET", "/syncs/{name}", Need::view, &get_sync},
    {"POST", "/syncs/{name}/pause", Need::run, &pause_sync},
    {"POST", "/syncs/{name}/resume", Need::run, &resume_sync},
    {"GET", "/syncs/{name}/refused", Need::view_rows, &list_refused},
    {"GET", "/syncs/{name}/rows/{key}", Need::view_rows, &trace_row},
    {"POST", "/syncs/{name}/settle", Need::run, &settle_rows},

    {"POST", "/plans", Need::run, &start_plan},
    {"GET", "/plans/{id}", Need::view_rows, &get_plan},
    {"GET", "/plans/{id}/rows", Need::view_rows, &list_plan_rows},
    {"POST", "/plans/{id}/approve", Need::approve, &approve_plan},

    {"GET", "/runs", Need::view, &list_runs},
    {"POST", "/runs", Need::run, &start_run},
    {"GET", "/runs/{id}", Need::view, &get_run},
    {"POST", "/runs/{id}/cancel", Need::run, &cancel_run},
    {"GET", "/runs/{id}/operations", Need::view_rows, &list_operations},
    {"GET", "/events", Need::view, &follow_events},

    {"GET", "/alerts", Need::view, &list_alerts},
    {"POST", "/alerts/{name}/test", Need::run, &test_alert},

    {"GET", "/users", Need::administer, &list_users},
    {"POST", "/users", Need::administer, &add_user},
    {"PATCH", "/users/{name}", Need::administer, &change_user},
    {"DELETE", "/users/{name}", Need::administer, &remove_user},
    {"GET", "/tokens", Need::administer, &list_tokens},
    {"POST", "/tokens", Need::administer, &add_token},
    {"DELETE", "/tokens/{name}", Need::administer, &remove_token},
    {"GET", "/secrets", Need::administer, &list_secrets},
    {"PUT", "/secrets/{name}", Need::administer, &set_secret},
    {"DELETE", "/secrets/{name}", Need::administer, &remove_secret},
    {"GET", "/audit", Need::administer, &list_audit},
};

std::string_view first_part(std::string_view& path) {
  path.remove_prefix(std::min<size_t>(path.starts_with('/') ? 1 : 0, path.size()));
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

bool fits(std::string_view pattern, std::string_view path,
          std::map<std::string, std::string, std::less<>>& parameters) {
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = first_part(pattern), given = first_part(path);
    if (wanted.starts_with('{') && !given.empty())
      parameters.insert_or_assign(std::string(wanted.substr(1, wanted.size() - 2)), percent_decode(given));
    else if (wanted != given)
      return false;
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::optional<access::Action> action_of(Need need) {
  switch (need) {
    case Need::anybody:
    case Need::somebody:
      return std::nullopt;
    case Need::view:
      return access::Action::view;
    case Need::view_rows:
      return access::Action::view_rows;
    case Need::run:
      return access::Action::run;
    case Need::approve:
      return access::Action::approve;
    case Need::edit:
      return access::Action::edit;
    case Need::administer:
      return access::Action::administer;
  }
  die("a Need without an action");
}

std::span<const Route> routes() {
  return kRoutes;
}

Found find_route(std::string_view method, std::string_view path) {
  Found found;
  for (const Route& route : kRoutes) {
    std::map<std::string, std::string, std::less<>> parameters;
    if (!fits(route.path, path, parameters)) continue;
    if (route.method == method) return {&route, std::move(parameters), false};
    found.is_other_method = true;
  }
  return found;
}

}  // namespace penstock::server
