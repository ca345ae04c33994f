// Where everything of the wide drawing stands.
import { type Branch, branchWidth, type Flow, type StageId, width } from "./flow";

export interface Placed {
  x: number[]; // of the five stages
  middle: number;
  height: number;
  widths: number[]; // of the four pieces between them
  branches: { branch: Branch; path: string; width: number; textX: number; textY: number }[];
}

const LEFT = 10;
const RIGHT = 108;
const MIDDLE = 78;
const STEP = 25;
const order: StageId[] = ["model", "plan", "lookup", "deliver", "ledger"];

export function place(flow: Flow, total: number): Placed {
  const gap = (total - LEFT - RIGHT) / 4;
  const x = order.map((_, index) => LEFT + index * gap);
  const widths = flow.stages.slice(0, 4).map((stage) => width(stage.perSecond));
  const branches: Placed["branches"] = [];
  let lowest = 0;
  for (const [index, id] of order.entries()) {
    const mine = flow.branches.filter((branch) => branch.from === id);
    lowest = Math.max(lowest, mine.length);
    mine.forEach((branch, at) => {
      // The first one that leaves goes lowest, so that none crosses another.
      const thick = branchWidth(branch.rows);
      const startX = (x[index] ?? 0) + 16 + at * 13;
      const y = MIDDLE + 24 + (mine.length - at) * STEP;
      const from = MIDDLE + (widths[Math.min(index, 3)] ?? 2) / 2 - thick / 2;
      const bend = 15;
      const path = `M${startX - 12} ${from}C${startX} ${from} ${startX} ${from + 6} ${startX} ${from + 16}V${y - bend}Q${startX} ${y} ${startX + bend} ${y}h8`;
      branches.push({ branch, path, width: thick, textX: startX + bend + 15, textY: y + 4.5 });
    });
  }
  return { x, middle: MIDDLE, widths, branches, height: lowest ? MIDDLE + 24 + lowest * STEP + 12 : MIDDLE + (flow.gate ? 48 : 34) };
}

/** One piece of the pipe, which begins as wide as the piece before it was. */
export function piece(fromX: number, toX: number, before: number, own: number, middle: number): string {
  const bend = Math.min(34, (toX - fromX) / 3);
  const a = before / 2;
  const b = own / 2;
  return `M${fromX} ${middle - a}C${fromX + bend / 2} ${middle - a} ${fromX + bend / 2} ${middle - b} ${fromX + bend} ${middle - b}H${toX}` +
    `V${middle + b}H${fromX + bend}C${fromX + bend / 2} ${middle + b} ${fromX + bend / 2} ${middle + a} ${fromX} ${middle + a}Z`;
}
