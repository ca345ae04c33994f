// The way to a page, as links.
export interface Step { title: string; href: string }

const words: Record<string, string> = {
  new: "New", edit: "Edit", mapping: "Mapping", schedule: "Schedule & guards", history: "History", yaml: "YAML", operations: "Every row",
  catalogue: "Catalogue", connect: "Connect", source: "Source", destination: "Destination", users: "Users", tokens: "Tokens", secrets: "Secrets", audit: "Audit log",
};
const throughOnly = new Set(["rows", "connect"]); // no pages of their own

export function trail(path: string, places: { href: string; title: string }[]): Step[] {
  const parts = path.split("/").filter(Boolean);
  const [top] = parts;
  if (!top) return [];
  if (top === "files") return [{ title: "Git", href: "/git" }, { title: parts.slice(1).map(decodeURIComponent).join("/"), href: path }];
  if (top === "plans") return [{ title: "Plans", href: "/syncs" }, { title: decodeURIComponent(parts[1] ?? ""), href: path }];
  const steps: Step[] = [];
  parts.forEach((part, index) => {
    const href = "/" + parts.slice(0, index + 1).join("/");
    if (index === 0) steps.push({ title: places.find((place) => place.href === href)?.title ?? part, href });
    else if (!throughOnly.has(part) || index === 1) {
      const named = index === 1 && top === "syncs" && part !== "new"; // the name of a sync may be a word of ours
      if (!(throughOnly.has(part) && !named)) steps.push({ title: named ? decodeURIComponent(part) : words[part] ?? decodeURIComponent(part), href });
    }
  });
  return steps;
}
