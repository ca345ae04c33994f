#include "state/postgres/objects.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::state {
namespace {

constexpr size_t kChunk = 1 << 20;

uint64_t number_in(const postgres::Rows& rows, size_t row, size_t column) {
  return std::stoull(std::string(rows.text(row, column)));
}

ObjectInfo info_in(const postgres::Rows& rows, size_t row) {
  return {std::string(rows.text(row, 0)), number_in(rows, row, 1), std::string(rows.text(row, 2))};
}

}  // namespace

// The row is held shared until the statement is durable: who wants the lease waits for it, and who has got it
// is seen here, however old the statement's view of the tables is.
std::string held_sql(const Fence& fence) {
  if (fence.lease.empty()) return "held AS (SELECT 1 WHERE $1::text = '' AND $2::bigint = 0)";
  return "held AS (SELECT 1 FROM @leases WHERE name = $1::text AND token = $2::bigint FOR SHARE)";
}

Parameters fence_parameters(const Fence& fence) {
  return {fence.lease, fmt::to_string(fence.token)};
}

PostgresObjects::PostgresObjects(PostgresServer& server) : server_(server), random_(Random::from_system()) {}

std::string PostgresObjects::new_content() {
  const std::lock_guard lock(mutex_);
  return fmt::to_string(1 + random_.below(uint64_t{1} << 62));
}

Result<std::vector<ObjectInfo>> PostgresObjects::list(const std::string& directory) {
  auto rows = server_.run(
      "SELECT name, size, digest FROM @files WHERE name >= $1::text || '/' AND name < $1::text || '0' ORDER "
      "BY "
      "name",
      {directory});
  if (!rows.ok()) return rows.error();
  std::vector<ObjectInfo> objects;
  for (size_t i = 0; i < rows->count(); ++i) objects.push_back(info_in(*rows, i));
  return objects;
}

Result<std::optional<ObjectInfo>> PostgresObjects::find(const std::string& name) {
  auto rows = server_.run("SELECT name, size, digest FROM @files WHERE name = $1", {name});
  if (!rows.ok()) return rows.error();
  return rows->count() == 0 ? std::nullopt : std::optional(info_in(*rows, 0));
}

Result<std::optional<ObjectInfo>> PostgresObjects::read(const std::string& name, const Reader& reader) {
  for (;;) {
    auto rows = server_.run("SELECT name, size, digest, content FROM @files WHERE name = $1", {name});
    if (!rows.ok()) return rows.error();
    if (rows->count() == 0) return std::optional<ObjectInfo>();
    const ObjectInfo info = info_in(*rows, 0);
    const std::string content(rows->text(0, 3));
    if (auto begun = reader.begin(); !begun.ok()) return begun.error();
    uint64_t at = 0;
    while (at < info.size) {
      auto chunk =
          server_.run_binary("SELECT bytes FROM @chunks WHERE content = $1::bigint AND at = $2::bigint",
                             {content, fmt::to_string(at)});
      if (!chunk.ok()) return chunk.error();
      if (chunk->count() == 0 || chunk->text(0, 0).empty()) break;
      const std::string_view bytes = chunk->text(0, 0);
      if (auto taken = reader.take(bytes.substr(0, info.size - at)); !taken.ok()) return taken.error();
      at += bytes.size();
    }
    if (at >= info.size) return std::optional(info);
    // It was replaced meanwhile: once more, unless it is what it was.
    auto now = server_.run("SELECT content FROM @files WHERE name = $1", {name});
    if (!now.ok()) return now.error();
    if (now->count() > 0 && now->text(0, 0) == content)
      return Error{ErrorKind::disk,
                   fmt::format("the shared state at {} lacks a part of {}", server_.place().shown, name),
                   "restore the database from a backup"};
  }
}

Result<void> PostgresObjects::upload(const std::string& content, std::string_view bytes) {
  auto begun =
      server_.run("INSERT INTO @uploads(content) VALUES ($1::bigint) ON CONFLICT DO NOTHING", {content});
  for (size_t at = 0; begun.ok() && at < bytes.size(); at += kChunk)
    begun = server_.run(
        "INSERT INTO @chunks(content, at, bytes) VALUES ($1::bigint, $2::bigint, $3::bytea) ON CONFLICT DO "
        "NOTHING",
        {content, fmt::to_string(at)}, bytes.substr(at, kChunk));
  return begun.ok() ? success() : begun.error();
}

Result<void> PostgresObjects::put(const std::string& name, std::string_view bytes, const std::string& digest,
                                  const Fence& fence) {
  const std::string content = new_content();
  const bool is_large = bytes.size() > kChunk;
  if (is_large)
    if (auto sent = upload(content, bytes); !sent.ok()) return sent;
  Parameters parameters = fence_parameters(fence);
  parameters.insert(parameters.end(), {name, content, fmt::to_string(bytes.size()), digest});
  const std::string chunk =
      is_large
          ? ", sent AS (DELETE FROM @uploads WHERE content = $4::bigint AND EXISTS (SELECT FROM held))"
          : ", chunk AS (INSERT INTO @chunks(content, at, bytes) SELECT $4::bigint, 0, $7::bytea FROM held "
            "ON CONFLICT DO NOTHING)";
  auto rows = server_.run(
      fmt::format(
          "WITH {}, old AS (DELETE FROM @chunks USING @files f, held WHERE f.name = $3::text AND "
          "chunks.content = f.content AND f.content <> $4::bigint){}, file AS (INSERT INTO @files AS f"
          "(name, content, size, digest) SELECT $3::text, $4::bigint, $5::bigint, $6::text FROM held ON "
          "CONFLICT (name) DO UPDATE SET content = excluded.content, size = excluded.size, digest = "
          "excluded.digest, written = now()) SELECT count(*) FROM held",
          held_sql(fence), chunk),
      parameters, is_large ? std::nullopt : std::optional(bytes));
  if (!rows.ok()) return rows.error();
  return number_in(*rows, 0, 0) == 0 ? lease_lost(fence.lease) : success();
}

Result<bool> PostgresObjects::has_just_appended(const std::string& name, uint64_t at, uint64_t size) {
  auto info = find(name);
  if (!info.ok()) return info.error();
  return *info && (*info)->size == at + size;
}

Result<void> PostgresObjects::append(const std::string& name, uint64_t at, std::string_view bytes,
                                     const Fence& fence) {
  for (size_t done = 0; done < bytes.size(); done += kChunk) {
    const std::string_view part = bytes.substr(done, kChunk);
    Parameters parameters = fence_parameters(fence);
    parameters.insert(parameters.end(),
                      {name, fmt::to_string(at + done), fmt::to_string(at + done + part.size())});
    auto rows = server_.run(
        fmt::format(
            "WITH {}, file AS (UPDATE @files SET size = $5::bigint, digest = '' FROM held WHERE name = "
            "$3::text AND size = $4::bigint RETURNING content), chunk AS (INSERT INTO @chunks(content, "
            "at, bytes) SELECT content, $4::bigint, $6::bytea FROM file) SELECT (SELECT count(*) FROM "
            "held), (SELECT count(*) FROM file)",
            held_sql(fence)),
        parameters, part);
    if (!rows.ok()) return rows.error();
    if (number_in(*rows, 0, 0) == 0) return lease_lost(fence.lease);
    if (number_in(*rows, 0, 1) > 0) continue;
    // Under this fence only we write: it is an earlier try of ours whose reply was lost.
    auto ours = has_just_appended(name, at + done, part.size());
    if (!ours.ok()) return ours.error();
    if (!*ours)
      return Error{ErrorKind::disk,
                   fmt::format("{} in the shared state at {} has another length than it was given", name,
                               server_.place().shown),
                   "run the same command again: it is brought anew"};
  }
  return success();
}

Result<void> PostgresObjects::remove(const std::string& name, const Fence& fence) {
  Parameters parameters = fence_parameters(fence);
  parameters.emplace_back(name);
  auto rows = server_.run(
      fmt::format("WITH {}, file AS (DELETE FROM @files f USING held WHERE f.name = $3::text OR (f.name >= "
                  "$3::text || '/' AND f.name < $3::text || '0') RETURNING f.content), chunk AS (DELETE FROM "
                  "@chunks c USING file WHERE c.content = file.content) SELECT count(*) FROM held",
                  held_sql(fence)),
      parameters);
  if (!rows.ok()) return rows.error();
  return number_in(*rows, 0, 0) == 0 ? lease_lost(fence.lease) : success();
}

Result<TakenLease> PostgresLeases::take(const std::string& lease, const std::string& holder,
                                        Duration length) {
  const std::string micros = fmt::to_string(length.count());
  auto rows = server_.run(
      "INSERT INTO @leases AS l(name, token, holder, until) VALUES ($1::text, 1, $2::text, clock_timestamp() "
      "+ "
      "$3::bigint * interval '1 microsecond') ON CONFLICT (name) DO UPDATE SET token = CASE WHEN l.holder = "
      "$2::text THEN l.token ELSE l.token + 1 END, holder = $2::text, until = excluded.until WHERE l.until "
      "<= "
      "clock_timestamp() OR l.holder = $2::text RETURNING token",
      {lease, holder, micros});
  if (!rows.ok()) return rows.error();
  TakenLease taken;
  if (rows->count() > 0) {
    taken.token = number_in(*rows, 0, 0);
    return taken;
  }
  rows =
      server_.run("SELECT holder, token || ' ' || until::text FROM @leases WHERE name = $1::text", {lease});
  if (!rows.ok()) return rows.error();
  if (rows->count() > 0) {
    taken.holder = rows->text(0, 0);
    taken.standing = rows->text(0, 1);
  }
  if (taken.holder.empty()) taken.holder = "another worker";
  return taken;
}

Result<std::vector<bool>> PostgresLeases::renew(const std::vector<Fence>& held, Duration length) {
  std::string names, tokens;
  for (const auto& fence : held) {
    std::string quoted;
    for (const char c : fence.lease)
      quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ",", quoted);
    tokens += fmt::format("{}{}", tokens.empty() ? "" : ",", fence.token);
  }
  auto rows = server_.run(
      "UPDATE @leases l SET until = clock_timestamp() + $3::bigint * interval '1 microsecond' FROM "
      "unnest($1::text[], $2::bigint[]) AS h(name, token) WHERE l.name = h.name AND l.token = h.token "
      "RETURNING "
      "l.name",
      {"{" + names + "}", "{" + tokens + "}", fmt::to_string(length.count())});
  if (!rows.ok()) return rows.error();
  std::vector<bool> ours(held.size(), false);
  for (size_t i = 0; i < rows->count(); ++i)
    for (size_t j = 0; j < held.size(); ++j)
      if (held[j].lease == rows->text(i, 0)) ours[j] = true;
  return ours;
}

Result<void> PostgresLeases::give_back(const Fence& fence) {
  auto rows = server_.run(
      "UPDATE @leases SET until = '-infinity', holder = '' WHERE name = $1::text AND token = $2::bigint",
      fence_parameters(fence));
  return rows.ok() ? success() : rows.error();
}

}  // namespace penstock::state
