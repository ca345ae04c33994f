// Makes the snapshot that runs would have left behind which delivered every row of a sync's model: the same
// states with the same texts, without a plan, a journal and operations. For sizes where delivering would take
// hours.
//
//     accept PROJECT SYNC
#include <fmt/format.h>

#include "mapping/mapping.h"
#include "run/workspace.h"
#include "snapshot/snapshot.h"
#include "source/source.h"

namespace penstock {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result.ok()) die(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

std::string select_list(const MappedModel& model) {
  std::string out;
  const auto add = [&](const MappedColumn& column) { out += (out.empty() ? "" : ", ") + column.sql; };
  for (const auto& column : model.keys) add(column);
  for (const auto& column : model.mapping.match) add(column);
  for (const auto& column : model.mapping.fields)
    if (column.fingerprinted()) add(column);
  return out;
}

std::vector<ValueType> types_of(const MappedModel& model) {
  std::vector<ValueType> types;
  for (const auto& column : model.keys) types.push_back(column.type);
  for (const auto& column : model.mapping.match) types.push_back(column.type);
  for (const auto& column : model.mapping.fields)
    if (column.fingerprinted()) types.push_back(column.type);
  return types;
}

class Acceptor {
 public:
  Acceptor(const MappedModel& model, ChangeSet& changes)
      : keys_(model.keys.size()),
        matches_(model.mapping.match.size()),
        types_(types_of(model)),
        hashes_(fingerprint_fields(model.mapping)),
        changes_(changes) {}

  void take(const duck::Chunk& chunk) {
    std::vector<Values> columns;
    for (size_t i = 0; i < types_.size(); ++i) columns.emplace_back(chunk.column(i), types_[i]);
    const std::span<const Values> all = columns;
    std::vector<KeyHash> keys(chunk.rows());
    hash_keys(all.first(keys_), chunk.rows(), keys.data());
    std::vector<uint64_t> sums(chunk.rows());
    for (size_t i = 0; i < hashes_.size(); ++i) hashes_[i].add_to(sums.data(), all[keys_ + i], chunk.rows());
    for (size_t row = 0; row < chunk.rows(); ++row)
      must(
          changes_.put(keys[row], {.accepted = finish_fingerprint(sums[row]), .details = details(all, row)}));
  }

 private:
  Details details(std::span<const Values> all, size_t row) {
    Details details;
    details.key = key_text(all.first(keys_), row);
    details.record_id = fmt::to_string(++record_id_);
    for (const auto& match : all.subspan(keys_, matches_))
      append_text(details.match.emplace_back(), match, row);
    return details;
  }

  size_t keys_, matches_;
  std::vector<ValueType> types_;
  std::vector<FingerprintField> hashes_;
  ChangeSet& changes_;
  uint64_t record_id_ = 100'000'000;
};

void accept(const std::string& directory, const std::string& sync_name) {
  declare::Diagnostics diagnostics;
  const auto workspace = Workspace::open(real_disk(), real_clock(), directory, diagnostics);
  check(diagnostics.ok(), "the project is valid");
  const config::Sync* sync = workspace->project().sync(sync_name);
  check(sync != nullptr, "the sync is there");
  const config::Model& source_model = *workspace->project().model(*sync->model);
  const OpenedModel opened = must(open_model(workspace->project(), source_model, workspace->resolver(),
                                             {.project_directory = directory, .temporary_directory = ""}));
  MappedModel model =
      map_model(*opened.connection, opened.shape, opened.columns, source_model, *sync, diagnostics);
  model.relation = opened.relation;
  check(diagnostics.ok(), "the sync fits its model");
  const std::string snapshot = workspace->paths().snapshot(sync_name);
  ChangeSet changes = must(ChangeSet::begin(real_disk(), snapshot));
  Acceptor acceptor(model, changes);
  auto rows =
      must(opened.connection->query(fmt::format("SELECT {} FROM {}", select_list(model), model.relation)));
  while (const auto chunk = must(rows.next())) acceptor.take(*chunk);
  must(commit(must(Snapshot::open(real_disk(), snapshot, Verify::headers)), std::move(changes),
              {.last_run = "bench", .mappings = "[" + model.mapping.description() + "]"}));
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: accept PROJECT SYNC\n");
    return 2;
  }
  penstock::accept(argv[1], argv[2]);
  return 0;
}
