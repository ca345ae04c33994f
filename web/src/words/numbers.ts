// Numbers as the pages write them: thousands separators, shortened where space is short, exact on hover.
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const count = (n: number | undefined): string => whole.format(n ?? 0);

/** 1,234 stays; 12,345 is 12.3k; 1,200,000 is 1.2M. */
export function short(n: number | undefined): string {
  const value = n ?? 0;
  if (Math.abs(value) < 10_000) return whole.format(value);
  if (Math.abs(value) < 999_950) return tenth.format(value / 1e3) + "k";
  if (Math.abs(value) < 999_950_000) return tenth.format(value / 1e6) + "M";
  return tenth.format(value / 1e9) + "bn";
}

export const plural = (n: number, one: string, many = one + "s"): string => `${count(n)} ${n === 1 ? one : many}`;

export function rate(perSecond: number | undefined): string {
  const value = perSecond ?? 0;
  if (value > 0 && value < 1) return `${tenth.format(value * 60)}/min`;
  return `${value < 10 ? tenth.format(value) : short(value)}/s`;
}

export function share(part: number, of: number): string {
  if (!of) return "0 %";
  const percent = (part / of) * 100;
  if (part > 0 && percent < 0.1) return "< 0.1 %";
  return `${tenth.format(percent)} %`;
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${tenth.format(n / 1e3)} kB`;
  return `${tenth.format(n / 1e6)} MB`;
}
