// Times as people say them, in the zone of the reader.
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

function unit(seconds: number): string {
  const s = Math.round(Math.abs(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.round(s / MINUTE)} min`;
  if (s < 2 * DAY) return `${Math.round(s / HOUR)} h`;
  return `${Math.round(s / DAY)} days`;
}

/** How long ago `at` was, or how long it is until then. */
export function fromNow(at: string | Date, now: number): string {
  const seconds = (now - new Date(at).getTime()) / 1000;
  if (Number.isNaN(seconds)) return "at an unknown time";
  if (Math.abs(seconds) < 5) return "now";
  return seconds > 0 ? `${unit(seconds)} ago` : `in ${unit(seconds)}`;
}

/** 0.4 s, 12 s, 3 min 20 s, 2 h 5 min. */
/** The length of a limit's window: a round number. */
export const windowOf = (seconds: number): string => (seconds === 1 ? "second" : seconds < MINUTE ? `${seconds} s` : span(seconds));

export function span(seconds: number | undefined): string {
  const s = seconds ?? 0;
  if (s < 0.001) return "0 s";
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 10) return `${s.toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return join(Math.floor(whole / MINUTE), "min", whole % MINUTE, "s");
  const minutes = Math.round(whole / MINUTE);
  if (minutes <= 24 * 60) return join(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(whole / HOUR);
  return join(Math.floor(hours / 24), "d", hours % 24, "h");
}

const join = (a: number, unitA: string, b: number, unitB: string) => (b ? `${a} ${unitA} ${b} ${unitB}` : `${a} ${unitA}`);

const long = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });

const parsed = (at: string | Date) => new Date(at);
export const exact = (at: string | Date): string => (Number.isNaN(parsed(at).getTime()) ? String(at) : long.format(parsed(at)));
export const ofClock = (at: string | Date): string => clock.format(parsed(at));
export const ofClockSeconds = (at: string | Date): string => clockSeconds.format(parsed(at));
export const ofDay = (at: string | Date): string => day.format(parsed(at));

/** "14:05" today, "Tue 24 Nov 14:05" on another day. */
export function when(at: string | Date, now: number): string {
  const then = parsed(at);
  if (Number.isNaN(then.getTime())) return String(at);
  return then.toDateString() === new Date(now).toDateString() ? clock.format(then) : `${day.format(then)}, ${clock.format(then)}`;
}
