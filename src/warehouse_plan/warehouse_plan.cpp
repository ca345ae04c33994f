#include "warehouse_plan/warehouse_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <strings.h>

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "mapping/inputs.h"
#include "source/warehouse.h"
#include "transform/transform.h"
#include "warehouse_plan/candidates.h"
#include "warehouse_plan/changes.h"
#include "warehouse_plan/questions.h"
#include "warehouse_plan/statements.h"
#include "warehouse_plan/states.h"

namespace penstock {
namespace {

constexpr size_t kKeysAtOnce = 5000;  // of a list in a statement: ClickHouse reads 256 KB of one

std::vector<std::string> key_names(const config::Model& model) {
  std::vector<std::string> names;
  for (const auto& key : model.primary_key) names.push_back(*key);
  return names;
}

// The keys as the warehouse spells them: where names are quoted, their letters' case counts.
std::vector<std::string> spelled_keys(const config::Model& model, const std::vector<std::string>& columns) {
  std::vector<std::string> names = key_names(model);
  for (auto& name : names)
    for (const auto& column : columns)
      if (strcasecmp(name.c_str(), column.c_str()) == 0) name = column;
  return names;
}

Result<void> remove_state(Disk& disk, const DrawPlaces& places) {
  for (const auto& directory : {places.snapshot(), places.owners(), places.written()})
    if (auto removed = disk.remove(directory); !removed.ok()) return removed;
  return success();
}

Result<void> remove_file(Disk& disk, const std::string& file) {
  if (auto removed = disk.remove(file + ".wal"); !removed.ok()) return removed;
  return disk.remove(file);
}

// Reads lines of a table into a new snapshot.
Result<void> load(Disk& disk, const std::string& directory, duck::Connection& connection,
                  const std::vector<std::string>& queries, const ManifestUpdate& update) {
  auto empty = Snapshot::open(disk, directory, Verify::headers);
  if (!empty.ok()) return empty.error();
  auto changes = ChangeSet::begin(disk, directory);
  if (!changes.ok()) return changes.error();
  for (const auto& sql : queries)
    if (auto put = put_states(connection, sql, *changes); !put.ok()) return put;
  return commit(*empty, *std::move(changes), update);
}

}  // namespace

struct WarehousePlan::Asking {
  Question question;
  std::string digest_of;
};

// What a push starts from.
struct WarehousePlan::Pushing {
  const DrawPlaces& places;
  const DrawMark& mark;
  const Snapshot& snapshot;         // the drawn part of the state, as it is now
  const std::optional<Head>& head;  // of the tables

  bool has_tables() const { return head && !head->left; }
  bool has_run() const { return snapshot.manifest().generation != mark.loaded; }
  // By a process that died before it could note it.
  bool is_done() const {
    return has_tables() && head->generation == mark.generation + 1 &&
           head->last_run == snapshot.manifest().last_run && has_run();
  }
  // Though no line has changed.
  bool head_moves() const { return has_run() || !has_tables() || head->digest_of != mark.digest_of; }
  Head next_head(bool has_unplaced) const {
    const Manifest& now = snapshot.manifest();
    return {.generation = mark.generation + 1,
            .last_run = now.last_run,
            .mappings = now.mappings,
            .digest_of = mark.digest_of,
            .counts = added_up(mark.head_counts, mark.loaded_counts, now.counts),
            .has_unplaced = mark.has_unplaced || has_unplaced};
  }
};

WarehousePlan::WarehousePlan(WarehousePlanParts parts, const config::Model& model,
                             const config::Source& source, std::unique_ptr<PlanTables> tables)
    : parts_(std::move(parts)), model_(model), source_(source), tables_(std::move(tables)) {}

Result<std::unique_ptr<WarehousePlan>> WarehousePlan::open(WarehousePlanParts parts) {
  const config::Model* model = parts.project.model(*parts.sync.model);
  const config::Source* source = parts.project.source(*model->source);
  auto tables = open_plan_tables(*source, parts.project.name, parts.sync.name, parts.resolver, parts.options);
  if (!tables.ok()) return tables.error();
  return std::unique_ptr<WarehousePlan>(
      new WarehousePlan(std::move(parts), *model, *source, *std::move(tables)));
}

void WarehousePlan::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  tables_->interrupt();
  if (reading_ != nullptr) reading_->interrupt();
}

// The statement's rows as they come, in the file.
Result<void> WarehousePlan::keep(const std::string& sql, const std::string& table, bool append) {
  OpenOptions options = parts_.options;
  options.sifts = true;
  auto opened = open_sql(source_, sql, parts_.resolver, options);
  if (!opened.ok()) return opened.error();
  {
    const std::lock_guard lock(mutex_);
    if (interrupted_) return Error{ErrorKind::interrupted, "interrupted", ""};
    reading_ = opened->connection.get();
  }
  auto kept = keep_rows(*opened->connection, opened->relation, file_, table, append);
  const std::lock_guard lock(mutex_);
  reading_ = nullptr;
  return kept;
}

// Lines of these keys, few enough at a time for one statement; none leave an empty table.
Result<void> WarehousePlan::keep_lines(const std::string& from, const std::string& table, size_t key_columns,
                                       const std::vector<std::string>& keys) {
  bool append = false;
  for (size_t at = 0; at < keys.size(); at += kKeysAtOnce) {
    const std::vector<std::string> some(
        keys.begin() + static_cast<ptrdiff_t>(at),
        keys.begin() + static_cast<ptrdiff_t>(std::min(at + kKeysAtOnce, keys.size())));
    if (auto kept = keep(tables_->lines(from, key_columns, &some), table, append); !kept.ok()) return kept;
    append = true;
  }
  if (append) return success();
  auto memory = open_memory(duck::Options());
  if (!memory.ok()) return memory.error();
  std::string more;
  if (key_columns > 0) more = ", CAST(NULL AS VARCHAR) AS digest";
  for (size_t i = 0; i < key_columns; ++i) more += fmt::format(", NULL AS k{}", i);
  return keep_rows(*memory->connection,
                   fmt::format("(SELECT CAST(NULL AS VARCHAR) AS key, {}{} LIMIT 0)",
                               state_columns("CAST(NULL AS VARCHAR) AS {name}"), more),
                   file_, table, false);
}

Result<OpenedModel> WarehousePlan::open_candidates(const std::vector<std::string>& columns,
                                                   bool in_order) const {
  auto opened = open_memory({.path = "",
                             .temporary_directory = parts_.options.temporary_directory,
                             .threads = parts_.options.threads});
  if (!opened.ok()) return opened.error();
  if (auto attached = opened->connection->attach(file_, "drawn"); !attached.ok()) return attached.error();
  if (auto defined = transform::define_transform_functions(*opened->connection); !defined.ok())
    return defined.error();
  std::string names;
  for (const auto& column : columns) names += (names.empty() ? "" : ", ") + duck::quote_name(column);
  std::string order;
  for (const auto& key : key_names(model_))
    order += fmt::format("{}{}", order.empty() ? " ORDER BY " : ", ", duck::quote_name(key));
  opened->relation = fmt::format("(SELECT {} FROM drawn.candidates WHERE penstock_digest IS NOT NULL{})",
                                 names, in_order ? order : "");
  if (auto understood = understand(*opened); !understood.ok()) return understood.error();
  return opened;
}

// As the table `candidates`; joined here where the warehouse gives rows and entries one after the other.
Result<void> WarehousePlan::keep_candidates(const Statements& asked, const Question& question) {
  if (asked.total.empty()) return keep(asked.candidates, "candidates", false);
  if (auto kept = keep(asked.total, "drawn_total", false); !kept.ok()) return kept;
  if (asked.entries.empty()) {
    if (auto kept = keep(asked.candidates, "candidates", false); !kept.ok()) return kept;
    return add_total(file_);
  }
  if (auto kept = keep(asked.candidates, "drawn_rows", false); !kept.ok()) return kept;
  if (auto kept = keep(asked.entries, "drawn_entries", false); !kept.ok()) return kept;
  if (auto joined = join_candidates(file_, question.keys); !joined.ok()) return joined;
  return add_total(file_);
}

// Candidates into the file. Rows whose key comes several times, each of them as it was accepted, are found by
// their number, which is not that of their entries.
Result<CandidateCounts> WarehousePlan::fetch(const Asking& asking, const std::vector<std::string>& columns,
                                             const KeyCounts& known) {
  if (auto removed = remove_file(parts_.disk, file_); !removed.ok()) return removed.error();
  const Statements asked = tables_->statements(asking.question);
  if (auto kept = keep_candidates(asked, asking.question); !kept.ok()) return kept.error();
  const auto count = [&]() -> Result<CandidateCounts> {
    auto opened = open_candidates(columns);
    if (!opened.ok()) return opened.error();
    return count_candidates(*opened->connection);
  };
  auto counts = count();
  if (!counts.ok() || asking.question.all || asked.repeated.empty()) return counts;
  const uint64_t rows_stayed = counts->total - counts->rows,
                 entries_stayed = known.keys - known.gone - counts->entries;
  if (rows_stayed == entries_stayed) return counts;
  if (auto kept = keep(asked.repeated, "candidates", true); !kept.ok()) return kept.error();
  return count();
}

// The part of the state that the candidates need, as the files of a sync that is planned here.
Result<std::vector<KeyHash>> WarehousePlan::load_state(const DrawPlaces& places, const Asking& asking,
                                                       const Head& head, const MappedModel& mapped,
                                                       const std::vector<std::string>& columns,
                                                       const std::optional<KeyHash>& only) {
  const size_t key_columns = asking.question.keys.size();
  std::vector<std::string> matches;
  if (!asking.question.all) {
    auto opened = open_candidates(columns);
    if (!opened.ok()) return opened.error();
    auto wanted = matches_to_look_up(*opened->connection, mapped);
    if (!wanted.ok()) return wanted.error();
    matches = *std::move(wanted);
  }
  const TableNames& names = tables_->names();
  if (auto kept = asking.question.all ? keep(tables_->lines(names.owners, 0, nullptr), "owners", false)
                                      : keep_lines(names.owners, "owners", 0, matches);
      !kept.ok())
    return kept.error();
  if (auto kept = keep(tables_->lines(names.written, 0, nullptr), "written", false); !kept.ok())
    return kept.error();
  if (auto removed = remove_state(parts_.disk, places); !removed.ok()) return removed.error();

  std::vector<std::string> owners;
  {
    auto opened = open_candidates(columns);
    if (!opened.ok()) return opened.error();
    if (auto loaded = load(parts_.disk, places.owners(), *opened->connection,
                           {"SELECT key, " + state_columns() + " FROM drawn.owners"}, {});
        !loaded.ok())
      return loaded.error();
    if (auto loaded = load(parts_.disk, places.written(), *opened->connection,
                           {"SELECT key, " + state_columns() + " FROM drawn.written"}, {});
        !loaded.ok())
      return loaded.error();
    auto listed = opened->connection->texts(
        "SELECT DISTINCT shown_key || printf('%016x', CAST(accepted AS BIGINT)) AS key FROM drawn.owners "
        "WHERE accepted IS "
        "NOT NULL AND shown_key IS NOT NULL EXCEPT SELECT penstock_key FROM drawn.candidates");
    if (!listed.ok()) return listed.error();
    if (!asking.question.all)
      for (auto& line : *listed) owners.push_back(*std::move(line[0]));
  }
  if (only) owners.push_back(key_digits(*only));
  if (auto kept = keep_lines(names.entries, "kept", key_columns, owners); !kept.ok()) return kept.error();

  auto opened = open_candidates(columns);
  if (!opened.ok()) return opened.error();
  ManifestUpdate update{.last_run = head.last_run, .mappings = head.mappings};
  if (auto loaded =
          load(parts_.disk, places.snapshot(), *opened->connection,
               {fmt::format("SELECT penstock_key, {} FROM drawn.candidates WHERE penstock_key IS NOT NULL",
                            state_columns("penstock_{name}")),
                "SELECT key, " + state_columns() +
                    " FROM drawn.kept ANTI JOIN drawn.candidates ON key = penstock_key"},
               update);
      !loaded.ok())
    return loaded.error();
  auto stayed = opened->connection->texts(
      "SELECT DISTINCT key FROM drawn.kept ANTI JOIN drawn.candidates ON key = penstock_key WHERE gone <> "
      "'true'");
  if (!stayed.ok()) return stayed.error();
  std::vector<KeyHash> keys;
  for (const auto& line : *stayed) keys.push_back(parse_key_digits(*line[0]));
  return keys;
}

// Its SELECT. Asked once: to quote the name of a table, a connection is opened.
Result<std::string> WarehousePlan::whole_model() {
  if (!model_sql_) {
    auto sql = model_sql(parts_.project, model_, parts_.resolver, parts_.options);
    if (!sql.ok()) return sql.error();
    model_sql_ = *std::move(sql);
  }
  return *model_sql_;
}

Result<WarehousePlan::Asking> WarehousePlan::ask(const MappedModel& mapped,
                                                 const std::vector<std::string>& columns,
                                                 duck::Connection& connection) {
  Asking asking;
  auto inputs = input_columns(connection, mapped, columns);
  if (!inputs.ok())
    return Error{inputs.error().kind, fmt::format("{}: {}", parts_.sync.place.show(), inputs.error().message),
                 inputs.error().remedy};
  auto sql = whole_model();
  if (!sql.ok()) return sql.error();
  asking.question.model = *std::move(sql);
  asking.question.columns = columns;
  asking.question.keys = spelled_keys(model_, columns);
  asking.question.inputs = *std::move(inputs);
  asking.question.where_head = where_head(parts_.project.name, parts_.sync.name);
  const std::string mapping = mapped.mapping.description();
  std::string typed;
  for (const auto& input : asking.question.inputs)
    typed += fmt::format("{}{} {}", typed.empty() ? "" : ", ", input, tables_->type_of(input));
  // Another version of the program may convert values differently: it compares every row anew, once.
  asking.digest_of = fmt::format("key {}; {}; penstock {}; mapping {:016x}; columns {}",
                                 fmt::join(key_names(model_), ", "), tables_->digest_kind(), PENSTOCK_VERSION,
                                 XXH3_64bits(mapping.data(), mapping.size()), typed);
  return asking;
}

Result<Drawn> WarehousePlan::draw(const DrawPlaces& places, OpenedModel& model, const MappedModel& mapped,
                                  const Draw& draw) {
  Drawn drawn;
  auto head = tables_->head();
  if (!head.ok()) return head.error();
  std::vector<std::string> columns;
  std::vector<ModelColumn> typed;
  for (const auto& column : model.columns) {
    columns.push_back(column.name);
    typed.push_back({column.name, column.type.name()});
  }
  tables_->know(std::move(typed));
  if (auto kept = tables_->check_keys(spelled_keys(model_, columns)); !kept.ok())
    return Error{kept.error().kind,
                 fmt::format("{}: model '{}': {}", model_.place.show(), model_.name, kept.error().message),
                 kept.error().remedy};
  auto asking = ask(mapped, columns, *model.connection);
  if (!asking.ok()) return asking.error();
  const bool has_tables = *head && !(*head)->left;
  if (auto there = check_not_lost(places, has_tables); !there.ok()) return there.error();
  if (has_tables)
    if (auto same = check_key(**head, *asking); !same.ok()) return same.error();
  Question& question = asking->question;
  question.has_entries = has_tables;
  question.has_unplaced = has_tables && (*head)->has_unplaced;
  question.all = draw.all || !has_tables || (*head)->digest_of != asking->digest_of;
  if (has_tables && question.all && !draw.all)
    drawn.notes.push_back(
        "the mapping, or Penstock, has changed: every row leaves the warehouse once to be compared");
  if (auto made = parts_.disk.make_directories(places.directory); !made.ok()) return made.error();
  // A DuckDB file can be open in one place only.
  model = {};
  if (!has_tables && draw.will_push)
    if (auto prepared = tables_->prepare(); !prepared.ok()) return prepared.error();
  DrawMark mark{
      .generation = *head ? (*head)->generation : 0, .digest_of = asking->digest_of, .all = !has_tables};
  if (has_tables) {
    mark.head_counts = (*head)->counts;
    mark.has_unplaced = (*head)->has_unplaced;
  }
  mark.drawing = true;
  if (auto marked = write_mark(parts_.disk, places.mark(), mark); !marked.ok()) return marked.error();
  // Complete, it gets its name, and is brought to wherever the state is kept: another machine may have to
  // push.
  file_ = places.candidates() + ".new";
  auto counts = fetch(*asking, columns, has_tables ? (*head)->counts : KeyCounts{});
  if (!counts.ok()) return counts.error();
  if (has_tables && counts->generation != (*head)->generation)
    return Error{ErrorKind::locked, "another Penstock runs this sync just now", "try again when it is done"};
  drawn.elsewhere.unchanged = counts->total - counts->rows;
  if (has_tables) {
    auto kept = load_state(places, *asking, **head, mapped, columns, draw.only);
    if (!kept.ok()) return kept.error();
    drawn.elsewhere.kept = *std::move(kept);
    if (draw.only)
      drawn.elsewhere.unchanged = static_cast<uint64_t>(
          std::count(drawn.elsewhere.kept.begin(), drawn.elsewhere.kept.end(), *draw.only));
    drawn.known = (*head)->counts.current;
    drawn.is_loaded = true;
    drawn.generation = (*head)->generation;
    drawn.last_run = (*head)->last_run;
  } else {
    for (const auto* table : {"owners", "written"})
      if (auto kept = keep_lines("", table, 0, {}); !kept.ok()) return kept.error();
    if (auto kept = keep_lines("", "kept", question.keys.size(), {}); !kept.ok()) return kept.error();
  }
  auto snapshot = Snapshot::open(parts_.disk, places.snapshot(), Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  if (!has_tables) drawn.known = snapshot->manifest().counts.current;
  mark.all = question.all;
  mark.loaded = snapshot->manifest().generation;
  mark.loaded_counts = has_tables ? snapshot->manifest().counts : KeyCounts{};
  if (auto kept = parts_.disk.rename(file_, places.candidates()); !kept.ok()) return kept.error();
  file_ = places.candidates();
  mark.drawing = false;
  if (auto marked = write_mark(parts_.disk, places.mark(), mark); !marked.ok()) return marked.error();
  auto opened = open_candidates(columns, draw.in_order);
  if (!opened.ok()) return opened.error();
  drawn.opened = *std::move(opened);
  return drawn;
}

// Entries are joined on the key columns that they were made with.
Result<void> WarehousePlan::check_key(const Head& head, const Asking& asking) const {
  const std::string before = head.digest_of.substr(0, head.digest_of.find("; ")),
                    now = asking.digest_of.substr(0, asking.digest_of.find("; "));
  if (before == now) return success();
  return Error{
      ErrorKind::config,
      fmt::format("{}: the primary key of model '{}' was {} when this sync last ran, and is {} now: to "
                  "Penstock every row would be another one",
                  model_.place.show(), model_.name, before.substr(4), now.substr(4)),
      "set the old key again; or run once with `planner: local`, whose plan shows what would happen"};
}

// What is here is a part of the state only. Without the rest, every row that is not among it would look new.
Result<void> WarehousePlan::check_not_lost(const DrawPlaces& places, bool has_tables) const {
  if (has_tables) return success();
  auto mark = read_mark(parts_.disk, places.mark());
  if (!mark.ok()) return mark.error();
  if (!*mark || (*mark)->all) return success();
  return Error{
      ErrorKind::source,
      fmt::format("the state of sync '{}' is gone from the warehouse: there is no table {} with its line",
                  parts_.sync.name, tables_->names().syncs),
      fmt::format("restore the schema {}; or, to begin anew, remove {} and run with --baseline or --full",
                  tables_->names().schema, places.directory)};
}

Result<bool> WarehousePlan::has_to_push(const DrawPlaces& places) const {
  auto mark = read_mark(parts_.disk, places.mark());
  if (!mark.ok()) return mark.error();
  if (!*mark || (*mark)->drawing) return false;
  auto snapshot = Snapshot::open(parts_.disk, places.snapshot(), Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  return snapshot->manifest().generation != (*mark)->loaded;
}

Result<void> WarehousePlan::push(const DrawPlaces& places, const MappedModel& mapped,
                                 const std::vector<std::string>& columns, const Draw& draw) {
  auto mark = read_mark(parts_.disk, places.mark());
  if (!mark.ok()) return mark.error();
  if (!*mark || (*mark)->drawing) return success();
  file_ = places.candidates();
  if (auto brought = parts_.disk.bring(file_); !brought.ok()) return brought;
  auto snapshot = Snapshot::open(parts_.disk, places.snapshot(), Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  auto head = tables_->head();
  if (!head.ok()) return head.error();
  const Pushing from{.places = places, .mark = **mark, .snapshot = *snapshot, .head = *head};
  const bool is_done = from.is_done();
  if (!is_done)
    if (auto pushed = push_changes(from, mapped, columns, draw); !pushed.ok()) return pushed;
  (*mark)->loaded = snapshot->manifest().generation;
  (*mark)->generation = is_done ? (*head)->generation : (*mark)->generation + 1;
  return write_mark(parts_.disk, places.mark(), **mark);
}

Result<void> WarehousePlan::push_changes(const Pushing& from, const MappedModel& mapped,
                                         const std::vector<std::string>& columns, const Draw& draw) {
  auto owners = Snapshot::open(parts_.disk, from.places.owners(), Verify::headers);
  if (!owners.ok()) return owners.error();
  auto written = Snapshot::open(parts_.disk, from.places.written(), Verify::headers);
  if (!written.ok()) return written.error();
  // Unfinished by its name: it is nobody's but this push's.
  const std::string file = join_path(from.places.directory, "changes.duckdb.new");
  if (auto removed = remove_file(parts_.disk, file); !removed.ok()) return removed;
  auto listed = [&]() -> Result<ListedChanges> {
    auto opened = open_candidates(columns);
    if (!opened.ok()) return opened.error();
    return list_changes(*opened->connection, mapped, key_names(model_), draw.keys_only,
                        {from.snapshot, *owners, *written}, file);
  }();
  if (!listed.ok()) return listed.error();
  if (listed->lines > 0 || from.head_moves())
    if (auto applied = apply({.file = file,
                              .base = from.head ? from.mark.generation : 0,
                              .head = from.next_head(listed->has_unplaced),
                              .key_columns = model_.primary_key.size(),
                              .is_all = !from.has_tables()},
                             columns);
        !applied.ok())
      return applied;
  return remove_file(parts_.disk, file);
}

Result<void> WarehousePlan::apply(const Changes& changes, const std::vector<std::string>& columns) {
  if (changes.is_all) {
    auto sql = whole_model();
    if (!sql.ok()) return sql.error();
    if (auto created = tables_->create(*sql, spelled_keys(model_, columns)); !created.ok()) return created;
  }
  return tables_->apply(changes);
}

Result<void> WarehousePlan::leave(const DrawPlaces& places) {
  file_ = places.candidates();
  auto head = tables_->head();
  if (!head.ok()) return head.error();
  const bool has_tables = *head && !(*head)->left;
  if (auto there = check_not_lost(places, head->has_value()); !there.ok()) return there;
  if (has_tables) {
    if (auto removed = remove_file(parts_.disk, file_); !removed.ok()) return removed;
    for (const auto& [from, table] : tables_->names().of_sync())
      if (auto kept = keep(tables_->lines(from, 0, nullptr), table, false); !kept.ok()) return kept;
    if (auto removed = remove_state(parts_.disk, places); !removed.ok()) return removed;
    auto opened = open_memory(duck::Options());
    if (!opened.ok()) return opened.error();
    if (auto attached = opened->connection->attach(file_, "drawn"); !attached.ok()) return attached;
    for (const auto& [directory, table] :
         {std::pair(places.owners(), "owners"), {places.written(), "written"}})
      if (auto loaded = load(parts_.disk, directory, *opened->connection,
                             {fmt::format("SELECT key, {} FROM drawn.{}", state_columns(), table)}, {});
          !loaded.ok())
        return loaded;
    if (auto loaded = load(parts_.disk, places.snapshot(), *opened->connection,
                           {"SELECT key, " + state_columns() + " FROM drawn.entries"},
                           {.last_run = (*head)->last_run, .mappings = (*head)->mappings});
        !loaded.ok())
      return loaded;
    if (auto left = tables_->leave(); !left.ok()) return left;
  }
  if (auto removed = remove_file(parts_.disk, file_); !removed.ok()) return removed;
  return parts_.disk.remove(places.mark());
}

}  // namespace penstock
