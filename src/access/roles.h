// Who may do what: roles, actions, and the table that joins them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::access {

// Each may do what those before it may.
enum class Role { viewer, editor, admin };

std::string_view name_of(Role role);
std::optional<Role> role_named(std::string_view name);
// "viewer", "editor", "admin": for messages and completions.
std::vector<std::string> role_names();

// What can be asked of the service. Personal fields are masked for everybody: there is no action for them.
enum class Action {
  view,        // the project, syncs, plans, runs, counts, alerts
  view_rows,   // rows: previews, samples of plans, operations, traces (personal fields masked)
  run,         // plan, run, cancel, pause, resume, retry
  approve,     // approve a plan that is to be run as it is
  edit,        // files of the project, git
  administer,  // users, tokens, secrets, the audit log
};

std::string_view name_of(Action action);
std::optional<Action> action_named(std::string_view name);

// A line of the table: the least role that may do it.
struct Permission {
  Action action;
  std::string_view name;
  Role least;
  std::string_view what;  // for people
};
std::span<const Permission> permissions();

bool allows(Role role, Action action);

// A set of actions: what a token was given of its role.
class Actions {
 public:
  static Actions all() { return Actions(~0U); }
  static Actions none() { return Actions(0); }
  bool has(Action action) const { return (bits_ & bit(action)) != 0; }
  void add(Action action) { bits_ |= bit(action); }
  bool operator==(const Actions&) const = default;

 private:
  explicit Actions(uint32_t bits) : bits_(bits) {}
  static uint32_t bit(Action action) { return 1U << static_cast<uint32_t>(action); }
  uint32_t bits_;
};

// "view,run", and "all" for all of them; nullopt for a name that there is not.
std::string list_of(Actions actions);
std::optional<Actions> actions_listed(std::string_view text);

}  // namespace penstock::access
