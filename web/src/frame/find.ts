// Which of many things somebody means by a few letters.
export interface Found { kind: string; title: string; says: string; href?: string; run?: () => void }

/** 0: not meant. Whole words and beginnings count more than letters in order. */
export function score(title: string, text: string): number {
  const name = title.toLowerCase();
  const wanted = text.trim().toLowerCase();
  if (!wanted) return 1;
  if (name === wanted) return 100;
  if (name.startsWith(wanted)) return 80 - Math.min(20, name.length - wanted.length);
  if (name.split(/[^a-z0-9]+/).some((word) => word.startsWith(wanted))) return 50;
  if (name.includes(wanted)) return 40;
  const words = wanted.split(/\s+/);
  if (words.length > 1 && words.every((word) => name.includes(word))) return 30;
  let at = 0;
  for (const letter of name) if (letter === wanted[at]) at += 1;
  return wanted.length > 2 && at === wanted.length ? 10 : 0;
}

export function rank(all: Found[], text: string): Found[] {
  if (!text.trim()) return all.filter((one) => one.kind === "page" || one.kind === "do");
  return all
    .map((one, index) => ({ one, index, value: Math.max(score(one.title, text), score(one.says, text) > 20 ? 20 : 0) }))
    .filter((each) => each.value > 0)
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .map((each) => each.one);
}
