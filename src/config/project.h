// The face of config/: the files of a project in git as checked, typed structs. Every value that a later
// check may complain about keeps its place, so that the message points at file:line:column of the very field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/time.h"
#include "config/cron.h"
#include "config/kinds.h"
#include "declare/declare.h"
#include "transform/transform.h"

namespace penstock::config {

using declare::Diagnostics;
using declare::Named;
using declare::Node;
using declare::Passage;
using declare::Place;
using declare::Placed;
using declare::Reference;
using declare::Settings;
using declare::Share;
using declare::ShareOrCount;

// Settings hold what the type declares, plus for destinations `rate_share` (Share) and for all `description`.
struct Source {
  std::string name;
  Place place;
  Placed<std::string> type;
  Settings settings;
};

struct Destination {
  std::string name;
  Place place;
  Placed<std::string> type;
  Settings settings;
  // The part of the destination's limits that we may use.
  Share rate_share{1.0};
};

enum class AlertEvent { failed, stopped, partial, late, broken, recovered };

struct Alert {
  std::string name;
  Place place;
  Placed<std::string> type;
  Settings settings;
  std::vector<AlertEvent> on;
  std::optional<ShareOrCount> rejected_over;  // what counts as partial; nullopt: any row
  // Syncs that fail for one cause within this time are one message.
  Duration group_within{60s};
  Duration remind_after{6h};  // of what goes on
  int64_t at_most = 20;       // messages an hour
};

// A named query; exactly one of sql, table and dbt is there.
struct Model {
  std::string name;
  Place place;
  std::string description;
  std::string owner;
  Placed<std::string> source;
  std::vector<Placed<std::string>> primary_key;
  std::optional<Passage> sql;  // without semicolons at its end
  std::optional<Placed<std::string>> table;
  std::optional<Placed<std::string>> dbt;
  std::string dbt_table;                 // "schema.name" of that, when dbt's manifest has been asked
  std::vector<Placed<std::string>> pii;  // columns whose values are masked wherever they are kept or shown
};

enum class Mode { insert, update, upsert, mirror, append, remove, replace };
enum class OnRemoved { ignore, remove, clear };
enum class MatchChange { follow, open_new };
enum class Write { always, on_create, if_empty, if_unchanged };
// What `drift` does about a value that others changed.
enum class DriftPolicy { report, take_back, keep };
std::string_view name_of(DriftPolicy policy);
// Whether what records hold is read before they are written, and kept.
enum class Before { none, keep };
// Where the rows that changed are found: here, or in the warehouse.
enum class Planner { local, warehouse };
enum class NullValue { clear, omit };
enum class InDoubt { hold, resend };
enum class Priority { low, normal, high };
enum class EmptyModel { stop, allow };
enum class Approve { none, required };

std::string_view name_of(Mode mode);
std::string_view name_of(OnRemoved on_removed);

// The model's value for the destination's field that finds a record; exactly one of from and sql is there.
struct MatchRule {
  Place place;
  std::optional<Placed<std::string>> from;
  std::optional<Passage> sql;
  transform::Transforms transform;
};

// How one field of the destination is filled; exactly one of from, sql, value and message is there.
struct FieldRule {
  Place place;
  std::optional<Placed<std::string>> from;  // a column of the model
  std::optional<Passage> sql;               // an expression over the model's columns
  std::optional<Node> value;                // a constant
  std::optional<Placed<transform::Template>> message;
  transform::Transforms transform;  // what the value passes on its way
  Write write = Write::always;
  NullValue null = NullValue::clear;
  DriftPolicy drift = DriftPolicy::report;
  bool pii = false;
};

// Exactly one of every, cron, after and after_dbt is there.
struct Schedule {
  Place place;
  std::optional<Duration> every;
  std::optional<Cron> cron;
  Placed<std::string> timezone;            // IANA name
  std::vector<Placed<std::string>> after;  // runs when all of these have run
  bool after_dbt = false;                  // runs when dbt has made its model
  Duration jitter{};  // `every` and `cron`: up to so much later, always the same for a sync
};

// Bounds of a plan; what is not there is not bounded.
struct Guard {
  Place place;
  std::optional<Placed<ShareOrCount>> max_removed;
  std::optional<Placed<ShareOrCount>> max_changed;
  std::optional<Placed<ShareOrCount>> max_rejected;
  std::optional<Placed<ShareOrCount>> max_added;
  std::optional<Placed<ShareOrCount>> max_invalid;
  std::optional<Placed<int64_t>> max_first_run;  // rows of the first run
  std::optional<Placed<int64_t>> max_requests;   // of a run
  std::optional<Placed<Share>> max_quota;        // of the destination's allowance of a day
  EmptyModel empty_model = EmptyModel::stop;
};

// Whether the bulk operations of a destination are used, where it has any.
enum class Bulk { by_size, always, never };

// Where a sync asks for less than its destination allows.
struct BatchLimits {
  std::optional<int64_t> rows;
  std::optional<int64_t> concurrency;
  Bulk bulk = Bulk::by_size;
};

struct Sync {
  std::string name;
  Place place;
  std::string description;
  std::string owner;
  std::vector<std::string> tags;
  Placed<std::string> model;
  Placed<std::string> destination;
  Placed<std::string> object;
  Placed<Mode> mode;
  std::vector<Named<MatchRule>> match;       // destination field -> value
  std::vector<Named<FieldRule>> fields;      // destination field -> value
  OnRemoved on_removed = OnRemoved::ignore;  // `remove` in mode mirror
  MatchChange match_change = MatchChange::follow;
  std::optional<Node> options;  // what the connector lets a sync choose; it checks them
  std::optional<Schedule> schedule;
  Guard guard;
  Approve approve = Approve::none;
  std::vector<Placed<std::string>> alerts;
  InDoubt in_doubt = InDoubt::hold;
  BatchLimits batch;
  Priority priority = Priority::normal;
  Before before = Before::none;
  Planner planner = Planner::local;
  bool skip_equal = false;  // what the destination says already is not written
  bool paused = false;
};

struct Person {
  std::string name, email;
};
// "Ada Lovelace <ada@example.com>"; an error says what is expected.
Result<Person> parse_person(std::string_view text);

// The project's repository: where it is pulled from and pushed to, and who commits.
// Where runs and their operations are written as tables, beside where they are kept anyway.
struct SyncLog {
  Placed<std::string> source;
  Placed<std::string> schema;  // of a source whose engine has schemas; of others the database
};

struct GitSettings {
  Place place;  // not known: penstock.yaml says nothing of it
  std::string remote = "origin";
  std::string branch;  // empty: the one that is checked out
  std::optional<Reference> token;
  std::optional<Duration> pull_every;
  bool push = true;
  Person author{"Penstock", "penstock@localhost"};
  std::optional<Reference> webhook_secret;
};

struct Project {
  std::string directory;  // as it was given
  std::string name;
  std::string description;
  Reference state;         // a directory, or postgres://...
  std::string public_url;  // where people reach the service, without a slash at its end; empty: not told
  Duration keep_operations{}, keep_before{};
  std::optional<uint64_t> max_size{};  // bytes, of all operation logs together
  std::optional<SyncLog> sync_log{};
  std::string dbt_manifest;  // relative to the directory
  GitSettings git;
  std::vector<Source> sources;
  std::vector<Model> models;
  std::vector<Destination> destinations;
  std::vector<Sync> syncs;  // each list by name
  std::vector<Alert> alerts;
  std::vector<std::string> connector_files;  // "connectors/crm.yaml", sorted
  std::vector<std::string> test_files;       // "tests/crm.yaml", sorted

  // Null when there is none of that name.
  const Source* source(std::string_view name) const;
  const Model* model(std::string_view name) const;
  const Destination* destination(std::string_view name) const;
  const Sync* sync(std::string_view name) const;
  const Alert* alert(std::string_view name) const;
};

// Of sources, models, syncs, ...: for messages that name the nearest.
template <class Defined>
std::vector<std::string> names_of(const std::vector<Defined>& all) {
  std::vector<std::string> names;
  for (const auto& one : all) names.push_back(one.name);
  return names;
}

// Reads and checks a whole project. All that is wrong goes to `diagnostics`; while there are errors, the
// project holds only what could be read and must not be run. Reads nothing but the project's own files.
Project load_project(Disk& disk, const std::string& directory, const ProjectKinds& kinds,
                     Diagnostics& diagnostics);

// The project's own connectors ("connectors/crm.yaml", sorted), for those who must know them before the
// project can be loaded. Empty where the directory cannot be read: load_project says so.
std::vector<std::string> own_connector_files(Disk& disk, const std::string& directory);

// All references of the project's files, with what they stand in.
std::vector<declare::SeenReference> references_of(const Project& project);

// Warns of every variable, file and secret that is referred to and not there. What outer stores hold is not
// asked for.
void check_references(const Project& project, const declare::Resolver& resolver, Diagnostics& diagnostics);

}  // namespace penstock::config
