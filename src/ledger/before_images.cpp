#include "ledger/before_images.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/operations.h"

namespace penstock {
namespace {

// The members of what penstock_image() gives, in their order; the values follow.
namespace image_member {
enum : size_t { existed, record_id, fates, value };
}

duck::Type image_type(size_t fields) {
  std::vector<std::pair<std::string, duckdb_type>> members{
      {"existed", DUCKDB_TYPE_BOOLEAN}, {"record_id", DUCKDB_TYPE_VARCHAR}, {"fates", DUCKDB_TYPE_VARCHAR}};
  for (size_t i = 0; i < fields; ++i) members.emplace_back(fmt::format("v{}", i), DUCKDB_TYPE_VARCHAR);
  return duck::Type::structure(members);
}

void write_image(const std::vector<duck::Writable>& to, size_t row, const BeforeImage& image) {
  to[image_member::existed].set(row, image.existed);
  to[image_member::record_id].set_text_or_null(row, image.record_id);
  to[image_member::fates].set_text(row, image.fates);
  for (size_t i = 0; i + image_member::value < to.size(); ++i)
    if (i < image.values.size())
      to[image_member::value + i].set_text(row, image.values[i]);
    else
      to[image_member::value + i].set_null(row);
}

// penstock_image(row): what was read for that row of the plan; all of it is NULL where nothing was.
Result<void> define_image(duck::Connection& connection, const Images& images, size_t fields) {
  return connection.define({.name = fmt::format("penstock_image_{}", fields),
                            .parameters = {DUCKDB_TYPE_BIGINT},
                            .result = image_type(fields),
                            .has_effects = true,  // to be asked once, not in each expression that uses it
                            .call = [&images, fields](std::span<const duck::Vector> arguments, size_t rows,
                                                      duckdb_vector result) -> Result<void> {
                              const auto to = duck::Writable(result).members(image_member::value + fields);
                              Images::Cursor cursor(images);
                              for (size_t row = 0; row < rows; ++row) {
                                const auto ordinal = static_cast<uint64_t>(arguments[0].data<int64_t>()[row]);
                                if (const BeforeImage* image = cursor.find(ordinal))
                                  write_image(to, row, *image);
                                else
                                  for (const duck::Writable& column : to) column.set_null(row);
                              }
                              return success();
                            }});
}

// The plan's columns of these values, under other names; and the names of the fields.
struct ValueColumns {
  std::string matches, after, before;
  std::vector<std::string> fields;
};

Result<ValueColumns> value_columns(duck::Connection& connection, const std::string& plan) {
  auto columns = connection.describe(fmt::format("SELECT * FROM read_parquet({})", duck::quote_text(plan)));
  if (!columns.ok()) return columns.error();
  ValueColumns values;
  for (const auto& column : *columns) {
    if (column.name.starts_with("match.")) values.matches += ", p." + duck::quote_name(column.name);
    if (!column.name.starts_with("fields.")) continue;
    const std::string field = column.name.substr(7);
    values.before += fmt::format(", b.v{} AS {}", values.fields.size(), duck::quote_name("before." + field));
    values.after +=
        fmt::format(", p.{} AS {}", duck::quote_name(column.name), duck::quote_name("after." + field));
    values.fields.push_back(field);
  }
  return values;
}

// Values repeat each other, and are kept for weeks: small rather than fast.
constexpr std::string_view kImagesFormat =
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 122880";

// For each field a 1 where it is personal: whoever shows the values must mask them.
std::string personal_mask(const std::vector<std::string>& fields, const RunFacts& facts) {
  std::string mask;
  for (const auto& field : fields)
    mask +=
        std::find(facts.personal.begin(), facts.personal.end(), field) != facts.personal.end() ? '1' : '0';
  return mask;
}

Result<void> write_images(duck::Connection& connection, Disk& disk, const LoadedJournal& journal,
                          const std::string& plan, const std::string& file) {
  const auto values = value_columns(connection, plan);
  if (!values.ok()) return values.error();
  if (auto defined = define_outcome(connection, journal.outcomes); !defined.ok()) return defined;
  if (auto defined = define_image(connection, journal.images, values->fields.size()); !defined.ok())
    return defined;
  const std::string sql = fmt::format(
      "SELECT p.key, p.key_hi, p.key_lo, p.fingerprint, p.\"change\", p.why, p.send, o.operation, o.outcome, "
      "o.\"at\", o.created, coalesce(o.record_id, b.record_id, p.record_id) AS record_id, b.existed, "
      "b.fates, "
      "{} AS personal{}{}{} FROM (SELECT *, penstock_outcome(file_row_number) AS o, "
      "penstock_image_{}(file_row_number) AS b FROM read_parquet({}, file_row_number = true)) p WHERE "
      "b.fates "
      "IS NOT NULL AND o.outcome IS NOT NULL",
      duck::quote_text(personal_mask(values->fields, journal.settled.facts)), values->matches, values->before,
      values->after, values->fields.size(), duck::quote_text(plan));
  const std::string temporary = file + ".new";
  auto written =
      connection.run(fmt::format("COPY ({}) TO {} ({})", sql, duck::quote_text(temporary), kImagesFormat));
  if (!written.ok()) return written.error();
  return disk.rename(temporary, file);
}

}  // namespace

Result<void> write_before_images(duck::Connection& connection, Disk& disk, const StatePaths& paths,
                                 const LoadedJournal& journal) {
  if (journal.images.empty()) return success();
  const RunFacts& facts = journal.settled.facts;
  const std::string directory = join_path(join_path(paths.root, "before"), facts.sync);
  if (auto made = disk.make_directories(directory); !made.ok()) return made;
  if (auto kept = disk.keep_private(join_path(paths.root, "before")); !kept.ok()) return kept;
  return write_images(connection, disk, journal, paths.plan(facts.sync), paths.before(facts.sync, facts.run));
}

Result<void> write_looked(Disk& disk, const StatePaths& paths, const LookFiles& files, Time now) {
  auto database =
      duck::Database::borrow({.path = "", .memory_limit = "1GB", .temporary_directory = paths.temporary()});
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  if (auto defined = define_payload_functions(*connection); !defined.ok()) return defined.error();
  auto journal = load_journal(*connection, disk, files.journal, files.plan, now);
  if (!journal.ok()) return journal.error();
  return write_images(*connection, disk, *journal, files.plan, files.images);
}

}  // namespace penstock
