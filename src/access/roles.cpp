#include "access/roles.h"

#include <algorithm>
#include <array>

namespace penstock::access {
namespace {

constexpr std::array<std::string_view, 3> kRoles = {"viewer", "editor", "admin"};

constexpr Permission kPermissions[] = {
    {Action::view, "view", Role::viewer, "see the project, its syncs, plans, runs and alerts"},
    {Action::view_rows, "view_rows", Role::viewer, "see rows, with personal fields masked"},
    {Action::run, "run", Role::editor, "plan, run, cancel, pause, resume and retry"},
    {Action::approve, "approve", Role::editor, "approve plans"},
    {Action::edit, "edit", Role::editor, "change the project's files and its git state"},
    {Action::administer, "administer", Role::admin, "users, tokens, secrets and the audit log"},
};

const Permission& line_of(Action action) {
  return kPermissions[static_cast<size_t>(action)];
}

constexpr bool is_in_order() {
  for (size_t i = 0; i < std::size(kPermissions); ++i)
    if (kPermissions[i].action != static_cast<Action>(i)) return false;
  return true;
}
static_assert(is_in_order(), "an action's line is found by its number");

}  // namespace

std::string_view name_of(Role role) {
  return kRoles[static_cast<size_t>(role)];
}

std::optional<Role> role_named(std::string_view name) {
  for (size_t i = 0; i < kRoles.size(); ++i)
    if (kRoles[i] == name) return static_cast<Role>(i);
  return std::nullopt;
}

std::vector<std::string> role_names() {
  return {kRoles.begin(), kRoles.end()};
}

std::string_view name_of(Action action) {
  return line_of(action).name;
}

std::optional<Action> action_named(std::string_view name) {
  for (const Permission& line : kPermissions)
    if (line.name == name) return line.action;
  return std::nullopt;
}

std::span<const Permission> permissions() {
  return kPermissions;
}

bool allows(Role role, Action action) {
  return role >= line_of(action).least;
}

std::string list_of(Actions actions) {
  if (actions == Actions::all()) return "all";
  std::string out;
  for (const Permission& line : kPermissions)
    if (actions.has(line.action)) out.append(out.empty() ? "" : ",").append(line.name);
  return out;
}

std::optional<Actions> actions_listed(std::string_view text) {
  if (text == "all") return Actions::all();
  Actions actions = Actions::none();
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const auto action = action_named(text.substr(0, end));
    if (!action) return std::nullopt;
    actions.add(*action);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return actions;
}

}  // namespace penstock::access
