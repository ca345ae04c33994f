// Filters live in the address bar, so that what one sees can be sent to somebody else.
import { useLocation, useSearch } from "wouter";

export function useFilters(): { get: (name: string) => string; set: (changes: Record<string, string>) => void; all: URLSearchParams } {
  const all = new URLSearchParams(useSearch());
  const [path, go] = useLocation();
  return {
    all,
    get: (name) => all.get(name) ?? "",
    set: (changes) => {
      const next = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value) next.set(name, value);
        else next.delete(name);
      }
      const text = next.toString();
      go(text ? `${path}?${text}` : path, { replace: true });
    },
  };
}
