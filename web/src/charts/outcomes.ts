// Rows over time, as stacked outcomes: runs gathered into equal pieces of time.
import type { Run } from "../api/client";

export interface Piece { from: number; to: number; accepted: number; refused: number; runs: number }
const steps = [5, 15, 30, 60, 120, 240, 480, 1440, 2880, 10080].map((minutes) => minutes * 60_000);

/** At most `pieces` pieces of a round length, up to `now`, that hold the runs from `since` on. */
export function gather(runs: readonly Run[], now: number, since: number, pieces = 36): Piece[] {
  const step = steps.find((each) => (now - since) / each <= pieces) ?? (steps.at(-1) as number);
  const end = Math.ceil(now / step) * step;
  const start = Math.floor(since / step) * step;
  const all: Piece[] = [];
  for (let from = start; from < end; from += step) all.push({ from, to: from + step, accepted: 0, refused: 0, runs: 0 });
  for (const run of runs) {
    const piece = all[Math.floor((Date.parse(run.started) - start) / step)];
    if (!piece) continue;
    piece.runs += 1;
    piece.accepted += run.accepted ?? 0;
    piece.refused += (run.rejected ?? 0) + (run.in_doubt ?? 0) + (run.failed ?? 0) + (run.invalid ?? 0);
  }
  return all;
}

/** A round number that is at least `most`, and the lines up to it. */
export function ticks(most: number, lines = 3): number[] {
  if (most <= 0) return [0, 1];
  const rough = most / lines;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].map((each) => each * size).find((each) => each * lines >= most) ?? size * 10);
  const all = [];
  for (let value = 0; value < most + step; value += step) all.push(value);
  return all;
}
