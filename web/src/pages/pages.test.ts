import { describe, expect, it } from "vitest";
import type { Moment } from "../api/events";
import { gather, ticks } from "../charts/outcomes";
import { paint } from "../design/paint";
import { hits, readBody } from "../design/tree";
import { rank, score } from "../frame/find";
import { keyReader } from "../frame/keys";
import { trail } from "../frame/trail";
import { changesOf } from "./FieldDiff";
import { csvCell } from "./run/export";
import { heldBack, limitUse, requestsOverTime } from "./run/live";
import { explain } from "./sync/explain";

describe("the palette", () => {
  it("finds by beginnings, words and letters", () => {
    expect(score("customers_to_crm", "cust")).toBeGreaterThan(score("customers_to_crm", "crm"));
    expect(score("customers_to_crm", "crm")).toBeGreaterThan(score("customers_to_crm", "mers"));
    expect(score("customers_to_crm", "c2c")).toBe(0);
    expect(rank([{ kind: "sync", title: "deals_to_crm", says: "" }, { kind: "tool", title: "crm", says: "" }], "crm").map((one) => one.title)).toEqual(["crm", "deals_to_crm"]);
  });
  it("shows pages and commands before anything is typed", () => expect(rank([{ kind: "page", title: "Runs", says: "" }, { kind: "run", title: "r1", says: "" }], "")).toHaveLength(1));
  it("reads keys one after the other, and forgets the first in time", () => {
    const read = keyReader({ o: "/" });
    expect([read("g", 0), read("o", 500), read("o", 600), read("g", 1000), read("o", 5000), read("?", 5001)]).toEqual([{}, { go: "/" }, {}, {}, {}, { help: true }]);
  });
});

it("the way to a page is made of pages", () => {
  const places = [{ href: "/syncs", title: "Syncs" }, { href: "/runs", title: "Runs" }];
  expect(trail("/syncs/a%20b/rows/17", places).map((step) => step.title)).toEqual(["Syncs", "a b", "17"]);
  expect(trail("/syncs/edit/mapping", places).map((step) => step.title)).toEqual(["Syncs", "edit", "Mapping"]);
  expect(trail("/runs/r1/operations", places).map((step) => step.href)).toEqual(["/runs", "/runs/r1", "/runs/r1/operations"]);
  expect(trail("/files/syncs/a.yaml", places).at(-1)).toEqual({ title: "syncs/a.yaml", href: "/files/syncs/a.yaml" });
  expect(trail("/", places)).toEqual([]);
});

describe("charts", () => {
  const run = (started: string, accepted: number, rejected = 0) => ({ run: started, sync: "s", status: "succeeded" as const, kind: "run", started, accepted, rejected });
  it("gather runs into equal pieces up to now", () => {
    const now = Date.parse("2026-11-27T12:00:00Z");
    const pieces = gather([run("2026-11-27T11:50:00Z", 10, 2), run("2026-11-27T11:40:00Z", 5), run("2026-11-20T00:00:00Z", 99)], now, now - 86_400_000);
    expect(pieces.at(-1)).toMatchObject({ accepted: 15, refused: 2, runs: 2 });
    expect(pieces.reduce((sum, piece) => sum + piece.accepted, 0)).toBe(15);
    expect(new Set(pieces.map((piece) => piece.to - piece.from)).size).toBe(1);
  });
  it("have round lines from zero that hold all values", () => {
    for (const most of [1, 7, 42, 999, 123_456]) {
      const lines = ticks(most);
      expect(lines[0]).toBe(0);
      expect(lines.at(-1)).toBeGreaterThanOrEqual(most);
      expect(lines.length).toBeLessThan(6);
    }
    expect(ticks(0)).toEqual([0, 1]);
  });
});

describe("a run that goes on", () => {
  const moment = (seconds: number, requests: number): Moment => ({ at: seconds * 1000, progress: { run: "r", sync: "s", stage: "delivering", seconds, requests } });
  it("names the stage that holds the others back", () => {
    const queues = [{ step: "lookup" as const, rows: 10, capacity: 1000 }, { step: "deliver" as const, rows: 900, capacity: 1000 }];
    expect(heldBack({ ...moment(1, 1).progress, queues })).toBe("The destination holds the others back.");
    expect(heldBack({ ...moment(1, 1).progress, queues, limits: [{ group: "crm", used: 190, allowed: 190, seconds: 10 }] })).toContain("at its limit");
    expect(heldBack({ ...moment(1, 1).progress, queues: [{ step: "deliver", rows: 10, capacity: 1000 }] })).toBeUndefined();
  });
  it("counts requests per second over a while, not between two events", () => {
    const [series] = requestsOverTime([0, 1, 2, 3, 4].map((second) => moment(second, second * 19)));
    expect(series?.points.map((point) => Math.round(point.y))).toEqual([19, 19, 19, 19]);
  });
  it("shows the limit that is used most, in its own window", () => {
    const limits = (used: number) => [{ group: "crm", used: 300, allowed: 250_000, seconds: 86_400 }, { group: "crm", used: 20, allowed: 190, seconds: 10 }, { group: "search", used, allowed: 5, seconds: 1 }];
    const use = limitUse([{ at: 0, progress: { ...moment(1, 1).progress, limits: limits(2) } }, { at: 0, progress: { ...moment(2, 1).progress, limits: limits(5) } }]);
    expect(use?.limit).toEqual({ y: 5, name: "limit search: 5 per second" });
    expect(use?.series[0]?.points).toEqual([{ x: 1, y: 2 }, { x: 2, y: 5 }]);
    expect(limitUse([moment(1, 1)])).toBeUndefined();
  });
});

describe("what is shown of rows", () => {
  it("JSON is searched by key and value, and the way there is known", () => {
    const found = hits({ errors: [{ code: "INVALID_EMAIL" }], id: 7 }, "invalid");
    expect([...found]).toEqual(["/errors/0", "/errors", ""]);
    expect(found.count).toBe(1);
    expect(readBody("not json")).toBeUndefined();
    expect(readBody("12")).toBeUndefined();
  });
  it("fields that did not change are told apart", () => {
    expect(changesOf({ a: 1, b: [1] }, { a: 2, b: [1] }).map((each) => each.changed)).toEqual([true, false]);
    expect(changesOf({ a: 1 }, undefined)[0]?.changed).toBe(true);
  });
  it("cells of a CSV are quoted, and start no formula", () => {
    expect([csvCell('say "hi", you'), csvCell("=1+1"), csvCell(-3), csvCell(null), csvCell("-x")]).toEqual(['"say ""hi"", you"', "'=1+1", "-3", "", "'-x"]);
  });
  it("code is coloured without losing a letter", () => {
    const text = "model: customers # why\nsql: \"select 'x'\"\n";
    expect(paint(text, "yaml").map((piece) => piece.text).join("")).toBe(text);
    expect(paint("select a from b", "sql").filter((piece) => piece.kind === "word")).toHaveLength(2);
  });
});

it("actions say what they will do, in numbers of the sync", () => {
  const sync = { name: "a", model: "m", destination: "crm", destination_title: "HubSpot", object: "contacts", mode: "upsert", paused: false, accepted: 1000, waiting: 31, in_doubt: 0, health: "healthy" as const, guards: { max_removed: "5%" },
    last_run: { run: "r", sync: "a", status: "succeeded" as const, kind: "run", started: "2026-11-27T12:00:00Z", rows: 1000 }, last_runs: [{ run: "r", sync: "a", status: "succeeded" as const, kind: "run", started: "2026-11-27T12:00:00Z", rows: 1000, sent: 100, requests: 1, seconds: 10 }] };
  expect(explain("run", sync).says.join(" ")).toMatch(/about 100 rows in 1 request, 10 s.*max_removed 5%/s);
  expect(explain("full", sync).says[0]).toContain("1,000 rows");
  expect(explain("full", sync).says[0]).toContain("up to 1 min 40 s");
  expect(explain("retry", sync).short).toContain("31 rows");
  expect(explain("baseline", sync).careful).toContain("will not be sent until it changes");
});
