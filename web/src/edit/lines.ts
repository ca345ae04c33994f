// The difference of two texts, line by line, with three lines around each change.
export function unified(before: string, after: string, around = 3): string {
  const a = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const b = after === "" ? [] : after.replace(/\n$/, "").split("\n");
  const steps = walk(a, b);
  const near = new Set<number>();
  steps.forEach((step, index) => {
    if (step[0] !== " ") for (let at = index - around; at <= index + around; at += 1) near.add(at);
  });
  const out: string[] = [];
  let gap = false;
  steps.forEach((step, index) => {
    if (!near.has(index)) return void (gap = out.length > 0 || index === 0 || gap);
    if (gap) out.push("@@");
    gap = false;
    out.push(step);
  });
  return out.join("\n");
}

function walk(a: string[], b: string[]): string[] {
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from += 1;
  let endA = a.length;
  let endB = b.length;
  while (endA > from && endB > from && a[endA - 1] === b[endB - 1]) (endA -= 1), (endB -= 1);
  const middleA = a.slice(from, endA);
  const middleB = b.slice(from, endB);
  return [...a.slice(0, from).map((line) => ` ${line}`), ...longest(middleA, middleB), ...a.slice(endA).map((line) => ` ${line}`)];
}

function longest(a: string[], b: string[]): string[] {
  if (a.length * b.length > 4_000_000) return [...a.map((line) => `-${line}`), ...b.map((line) => `+${line}`)];
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1) (table[i] as Uint32Array)[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const out: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) out.push(` ${a[i]}`), (i += 1), (j += 1);
    else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) out.push(`-${a[i++]}`);
    else out.push(`+${b[j++]}`);
  }
  return out;
}
