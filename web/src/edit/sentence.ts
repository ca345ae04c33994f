// What a sync does, in one sentence, while it is written.
import type { Draft } from "./draft";

const modes: Record<string, string> = {
  insert: "new ones are created, and those that exist are left alone", update: "those that exist are updated, and none is created", upsert: "new ones are created, existing ones updated",
  mirror: "new ones are created, existing ones updated, and those whose row is gone are deleted", append: "each new row is added once, and never again", delete: "the records of these rows are deleted",
  replace: "all of them at once take the place of what was there",
};

export function sentence(draft: Draft): string {
  if (!draft.model) return "Choose what is sent, then where it goes.";
  if (!draft.destination || !draft.object) return `Each row of ${draft.model} goes to …`;
  const by = draft.match.map((each) => each.field).join(" and ");
  return `Each row of ${draft.model} becomes one of ${draft.object} in ${draft.destination}${by ? `, found by ${by}` : ""}: ${modes[draft.mode] ?? "choose a mode"}${when(draft)}.`;
}

function when({ schedule, paused }: Draft): string {
  if (paused) return "; its schedule is paused";
  if (schedule.kind === "every") return `; it runs every ${schedule.every}`;
  if (schedule.kind === "cron") return `; it runs by the clock (${schedule.cron}${schedule.timezone ? `, ${schedule.timezone}` : ""})`;
  if (schedule.kind === "after") return `; it runs after ${schedule.after || "another"}`;
  return "";
}
export { modes };
