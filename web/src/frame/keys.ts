// Keys that work on every page. None of them is taken while somebody types.
type Listener = () => void;
const opening = new Set<Listener>();
export const openPalette = (): void => opening.forEach((open) => open());
export function onOpenPalette(listener: Listener): () => void {
  opening.add(listener);
  return () => opening.delete(listener);
}

export function isTyping(target: EventTarget | null): boolean {
  const element = target as (HTMLElement & { shadowRoot?: ShadowRoot | null }) | null;
  return !!element && (element.isContentEditable || !!element.shadowRoot || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
}

/** Says what a key means after the one before it: `g` and a letter go somewhere. */
export function keyReader(ways: Record<string, string>) {
  let armed = -Infinity;
  return (key: string, at: number): { go?: string; find?: true; help?: true } => {
    const afterG = at - armed < 1200;
    armed = -Infinity;
    if (afterG && ways[key]) return { go: ways[key] };
    if (key === "g") armed = at;
    if (key === "/") return { find: true };
    if (key === "?") return { help: true };
    return {};
  };
}
