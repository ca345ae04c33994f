// What is looked for in a tree of JSON.
export const MASK = "•••"; // as the program writes it
export const isMasked = (value: unknown): boolean => value === MASK;

/** undefined: it is not JSON (or only a text or number). */
export function readBody(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The paths that lead to what was found, and how often it was. */
export type Found = Set<string> & { count: number };
export function hits(value: unknown, search: string): Found {
  const wanted = search.toLowerCase();
  const found = Object.assign(new Set<string>(), { count: 0 });
  const look = (node: unknown, name: string, path: string): boolean => {
    let here = name.toLowerCase().includes(wanted);
    if (here) found.count += 1;
    if (typeof node === "object" && node !== null) {
      const list = Array.isArray(node);
      let inside = false;
      for (const [key, inner] of Object.entries(node)) inside = look(inner, list ? "" : key, `${path}/${key}`) || inside;
      if (inside) found.add(path);
      return here || inside;
    }
    if (String(node).toLowerCase().includes(wanted)) {
      found.count += 1;
      here = true;
    }
    return here;
  };
  look(value, "", "");
  return found;
}
