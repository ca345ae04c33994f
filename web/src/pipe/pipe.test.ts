import { describe, expect, it } from "vitest";
import type { Progress, RunDetail } from "../api/client";
import { branchWidth, flowOf, width } from "./flow";
import { piece, place } from "./layout";

const finished: RunDetail = {
  run: "r1", sync: "customers", status: "partial", kind: "run", started: "2026-11-27T12:00:00Z", seconds: 10, rows: 1_200_000, added: 400, changed: 3010, removed: 0, unchanged: 1_196_547, invalid: 12, waiting: 31,
  sent: 3410, accepted: 3401, rejected: 9, skipped: 0, in_doubt: 0, failed: 0, stages: [{ stage: "plan", seconds: 6 }, { stage: "deliver", seconds: 4 }],
};
const under = { ...finished, status: "running" as const, rows: 0, sent: undefined, accepted: undefined, rejected: undefined, stages: [] };
const progress: Progress = {
  run: "r1", sync: "customers", stage: "delivering", seconds: 8, plan: { rows: 1_200_000, added: 400, changed: 3010, unchanged: 1_196_547, invalid: 12, waiting: 31, removed: 0 }, to_send: 3410, rows_read: 1500,
  accepted: 990, rejected: 10, rows_per_second: 500, queues: [{ step: "lookup", rows: 100, capacity: 1000 }, { step: "deliver", rows: 950, capacity: 1000 }], limits: [{ group: "search", used: 1, allowed: 5, seconds: 1 }, { group: "crm", used: 190, allowed: 190, seconds: 10 }],
};

describe("the flow of a finished run", () => {
  const flow = flowOf(finished, undefined, { run: "/runs/r1" });
  it("has the rows that passed each stage", () => {
    expect(flow.stages.map((stage) => stage.rows)).toEqual([1_200_000, 3410, 3410, 3410, 3401]);
    expect(flow.stages[0]?.perSecond).toBe(200_000);
    expect(flow.stages[1]?.perSecond).toBe(852.5);
    expect(flow.stages.some((stage) => stage.flows || stage.queue)).toBe(false);
  });
  it("lets rows off where they leave, each a link to them", () => {
    expect(flow.branches.map((branch) => [branch.from, branch.id, branch.rows])).toEqual([["plan", "unchanged", 1_196_547], ["plan", "waiting", 31], ["plan", "invalid", 12], ["deliver", "rejected", 9]]);
    expect(flow.branches.at(-1)?.href).toBe("/runs/r1/operations?outcome=rejected");
  });
  it("says all of it in words", () => {
    expect(flow.says).toContain("Model: 1,200,000 rows at 200k/s");
    expect(flow.says).toContain("On the way left: 1,196,547 unchanged, 31 waiting, 12 invalid, 9 rejected");
  });
});

describe("the flow of a run that goes on", () => {
  it("shows queues, the gate, and what moves", () => {
    const flow = flowOf(under, progress);
    expect(flow.live).toBe(true);
    expect(flow.stages.map((stage) => stage.rows)).toEqual([1_200_000, 3410, 1500, 1000, 990]);
    expect(flow.stages.map((stage) => stage.flows)).toEqual([false, true, true, true, false]);
    expect(flow.stages[3]?.queue).toEqual({ rows: 950, fill: 0.95 });
    expect(flow.gate).toMatchObject({ tight: true, says: "crm: 190 of 190 per 10 s", at: "deliver" });
    const searching = flowOf(under, { ...progress, queues: [{ step: "lookup", rows: 900, capacity: 1000 }, { step: "deliver", rows: 0, capacity: 1000 }], limits: [{ group: "search", used: 5, allowed: 5, seconds: 1 }] });
    expect(searching.gate).toMatchObject({ says: "search: 5 of 5 per second", at: "lookup" });
  });
  it("tells the model's pace by the time that planning took, not by what has passed since", () => {
    expect(flowOf(under, progress).stages[0]?.perSecond).toBe(150_000);
    expect(flowOf(under, { ...progress, stages: [{ stage: "opening", seconds: 1 }, { stage: "planning", seconds: 3 }] }).stages[0]?.perSecond).toBe(300_000);
  });
  it("fills the plan first", () => {
    const flow = flowOf(under, { run: "r1", sync: "customers", stage: "planning", seconds: 3, rows_read: 600_000 });
    expect(flow.stages[0]).toMatchObject({ flows: true });
    expect(flow.stages.slice(1).every((stage) => !stage.filled && stage.rows === undefined)).toBe(true);
  });
});

it("a run that broke says where", () => {
  expect(flowOf({ ...finished, status: "stopped", sent: 0, accepted: 0, rejected: 0, guard: { guard: "max_removed", message: "" } }).broken).toEqual({ at: "plan", says: "guard max_removed" });
  expect(flowOf({ ...finished, status: "stopped", sent: 0, accepted: 0, rejected: 0 }).stages.map((stage) => stage.rows)).toEqual([1_200_000, 3410, 0, 0, 0]);
  expect(flowOf({ ...finished, status: "failed", rows: 0, sent: 0 }).broken?.at).toBe("model");
  expect(flowOf({ ...finished, status: "failed" }).broken?.at).toBe("deliver");
});

describe("the drawing", () => {
  it("is wider the more flows, and never without bounds", () => {
    const widths = [0, 1, 50, 1000, 200_000, 1e9].map(width);
    expect(widths).toEqual([...widths].sort((a, b) => a - b));
    expect(widths.at(-1)).toBe(32);
    expect(branchWidth(1)).toBeLessThan(branchWidth(1000));
  });
  it("has no branches that cross: the first to leave goes lowest", () => {
    const at = place(flowOf(finished), 1200);
    const plan = at.branches.filter((each) => each.branch.from === "plan");
    expect(plan.map((each) => each.textY)).toEqual([...plan.map((each) => each.textY)].sort((a, b) => b - a));
    expect(at.height).toBeGreaterThan(Math.max(...plan.map((each) => each.textY)));
    expect(at.x.at(-1)).toBeLessThan(1200 - 90);
  });
  it("keeps its pieces joined", () => {
    expect(piece(10, 200, 20, 8, 78)).toMatch(/^M10 68C.*H200V82H.*Z$/);
  });
});
