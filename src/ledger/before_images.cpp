#include "ledger/before_images.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/operations.h"
#include "ledger/state_changes.h"

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

// The columns of values, as they are written: those of the match as in the plan, of each field what was read
// and what was sent.
std::string value_columns(const std::vector<std::string>& matches, const std::vector<PayloadColumn>& fields) {
  std::string match, before, after;
  for (const auto& column : matches) match += ", p." + duck::quote_name(column);
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string name = fields[i].column.substr(7);
    before += fmt::format(", b.v{} AS {}", i, duck::quote_name("before." + name));
    after +=
        fmt::format(", p.{} AS {}", duck::quote_name(fields[i].column), duck::quote_name("after." + name));
  }
  return match + before + after;
}

// Values repeat each other, and are kept for weeks: small rather than fast.
constexpr std::string_view kImagesFormat =
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 122880";

// For each field a 1 where it is personal (whoever shows the values must mask them), and its type.
std::string facts_columns(const std::vector<PayloadColumn>& fields) {
  std::string mask, types;
  for (const auto& field : fields) {
    mask += field.personal ? '1' : '0';
    types += fmt::format("{}{}", types.empty() ? "" : ",", name_of(field.type.type));
  }
  return fmt::format("{} AS personal, {} AS types", duck::quote_text(mask), duck::quote_text(types));
}

Result<void> write_images(duck::Connection& connection, Disk& disk, const LoadedJournal& journal,
                          const std::string& plan, const std::string& file) {
  const auto fields = payload_columns(connection, plan, journal.settled.facts);
  if (!fields.ok()) return fields.error();
  const auto matches = match_columns(connection, plan);
  if (!matches.ok()) return matches.error();
  if (auto defined = define_outcome(connection, journal.outcomes); !defined.ok()) return defined;
  if (auto defined = define_image(connection, journal.images, fields->size()); !defined.ok()) return defined;
  const std::string sql = fmt::format(
      "SELECT p.key, p.key_hi, p.key_lo, p.fingerprint, p.\"change\", p.why, p.send, o.operation, o.outcome, "
      "o.error_code, "
      "o.\"at\", o.created, coalesce(o.record_id, b.record_id, p.record_id) AS record_id, b.existed, "
      "b.fates, "
      "{}{} FROM (SELECT *, penstock_outcome(file_row_number) AS o, penstock_image_{}(file_row_number) AS b "
      "FROM "
      "read_parquet({}, file_row_number = true)) p WHERE b.fates IS NOT NULL AND o.outcome IS NOT NULL",
      facts_columns(*fields), value_columns(*matches, *fields), fields->size(), duck::quote_text(plan));
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
