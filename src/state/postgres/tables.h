// The tables of a shared state (docs/formats.md, "Shared state in PostgreSQL").
#pragma once

#include <cstddef>

namespace penstock::state {

// What leads from each version to the next: a new schema goes through all of them. `@` is the schema.
inline constexpr const char* kSteps[] = {R"(
CREATE TABLE @format (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), version integer NOT NULL);
INSERT INTO @format(version) VALUES (0);
CREATE TABLE @leases (
  name text COLLATE "C" PRIMARY KEY, token bigint NOT NULL, holder text NOT NULL, until timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE @files (
  name text COLLATE "C" PRIMARY KEY, content bigint NOT NULL, size bigint NOT NULL, digest text NOT NULL,
  written timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE TABLE @chunks (content bigint NOT NULL, at bigint NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (content, at));
ALTER TABLE @chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE TABLE @uploads (content bigint PRIMARY KEY, began timestamptz NOT NULL DEFAULT now());
CREATE TABLE @runs (
  run text COLLATE "C" PRIMARY KEY, sync text NOT NULL, status text NOT NULL, kind text NOT NULL,
  started timestamptz NOT NULL, finished timestamptz,
  rows bigint NOT NULL, added bigint NOT NULL, changed bigint NOT NULL, removed bigint NOT NULL,
  unchanged bigint NOT NULL, invalid bigint NOT NULL, waiting bigint NOT NULL, sent bigint NOT NULL,
  accepted bigint NOT NULL, rejected bigint NOT NULL, skipped bigint NOT NULL, in_doubt bigint NOT NULL,
  failed bigint NOT NULL, requests bigint NOT NULL, throttled bigint NOT NULL, error text NOT NULL,
  confirmed text NOT NULL, plan text NOT NULL, approved_by text NOT NULL
);
CREATE INDEX runs_by_sync ON @runs(sync, started DESC, run DESC);
CREATE INDEX runs_by_time ON @runs(started DESC, run DESC);
CREATE TABLE @approvals (
  plan text NOT NULL, sync text NOT NULL, approved_by text NOT NULL, at timestamptz NOT NULL, note text NOT NULL,
  PRIMARY KEY (plan, approved_by)
);
)",
                                         R"(
CREATE TABLE @spending (
  account text COLLATE "C" NOT NULL, grp bigint NOT NULL, per bigint NOT NULL, claim text COLLATE "C" NOT NULL,
  requests bigint NOT NULL, until timestamptz NOT NULL, PRIMARY KEY (account, grp, per, claim)
);
CREATE FUNCTION @claim(a text, g bigint, p bigint, c text, wanted bigint, allowed bigint, hold bigint)
RETURNS TABLE (granted bigint, used bigint, next_us bigint) LANGUAGE plpgsql AS $$
DECLARE
  soon timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('@' || a || ' ' || g || ' ' || p, 7307493141));
  DELETE FROM @spending s WHERE s.account = a AND s.grp = g AND s.per = p AND s.until <= clock_timestamp();
  SELECT coalesce(sum(s.requests), 0), min(s.until) INTO used, soon FROM @spending s
    WHERE s.account = a AND s.grp = g AND s.per = p;
  SELECT s.requests INTO granted FROM @spending s WHERE s.account = a AND s.grp = g AND s.per = p AND s.claim = c;
  IF NOT FOUND THEN
    granted := greatest(0, least(wanted, allowed - used));
    IF granted > 0 THEN
      INSERT INTO @spending VALUES (a, g, p, c, granted, clock_timestamp() + hold * interval '1 microsecond');
      used := used + granted;
    END IF;
  END IF;
  next_us := coalesce((extract(epoch FROM soon - clock_timestamp()) * 1000000)::bigint, 0);
  RETURN NEXT;
END $$;
)",
                                         R"(
CREATE TABLE @queue (
  run text COLLATE "C" PRIMARY KEY, sync text NOT NULL, destination text NOT NULL, kind text NOT NULL,
  options text NOT NULL, cause text NOT NULL, asked_by text NOT NULL, once text NOT NULL, priority bigint NOT NULL,
  asked bigint NOT NULL, state text NOT NULL, worker text NOT NULL, claim text NOT NULL, beat bigint,
  cancelled boolean NOT NULL, ended bigint, report text NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX queue_open ON @queue(state, sync) WHERE state <> 'ended';
CREATE UNIQUE INDEX queue_once ON @queue(once) WHERE once <> '';
CREATE TABLE @marks (
  sync text COLLATE "C" PRIMARY KEY, seen bigint NOT NULL, due bigint, paused bigint, paused_by text NOT NULL
) WITH (fillfactor = 70);
CREATE FUNCTION @take(w text, c text, at bigint) RETURNS SETOF @queue LANGUAGE plpgsql AS $$
DECLARE
  chosen text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('@queue', 7307493142));
  SELECT q.run INTO chosen FROM @queue q WHERE q.claim = c;
  IF NOT FOUND THEN
    SELECT q.run INTO chosen FROM @queue q
      WHERE q.state = 'queued' AND NOT EXISTS (SELECT 1 FROM @queue t WHERE t.state = 'taken' AND t.sync = q.sync)
      ORDER BY q.priority DESC,
        (SELECT count(*) FROM @queue t WHERE t.state = 'taken' AND t.destination = q.destination), q.asked, q.run
      LIMIT 1;
    UPDATE @queue q SET state = 'taken', worker = w, claim = c, beat = at WHERE q.run = chosen;
  END IF;
  RETURN QUERY SELECT * FROM @queue q WHERE q.run = chosen;
END $$;
)",
                                         R"(
CREATE TABLE @entered (
  address text COLLATE "C" PRIMARY KEY, file text NOT NULL, entered_by text NOT NULL, at bigint NOT NULL
);
)"};
inline constexpr size_t kVersion = sizeof(kSteps) / sizeof(kSteps[0]);

}  // namespace penstock::state
