// Short words about what was just done. They go by themselves; what matters stands on the page as well.
import { useSyncExternalStore } from "react";
import { Problem } from "../api/client";

interface Toast { id: number; text: string; bad: boolean }
let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();
const set = (next: readonly Toast[]) => {
  toasts = next;
  listeners.forEach((listener) => listener());
};
const drop = (id: number) => set(toasts.filter((toast) => toast.id !== id));

export function say(text: string, bad = false): void {
  const id = ++last;
  set([...toasts.slice(-2), { id, text, bad }]);
  setTimeout(() => drop(id), bad ? 12_000 : 5_000);
}
export function sayProblem(error: unknown): void {
  if (error instanceof Problem) say([error.message, error.remedy].filter(Boolean).join(". "), true);
  else say(String((error as Error)?.message ?? error), true);
}

export function Toasts() {
  const shown = useSyncExternalStore((listener) => (listeners.add(listener), () => listeners.delete(listener)), () => toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <p key={toast.id} className={toast.bad ? "bad" : ""}>{toast.text}<button type="button" aria-label="Close" onClick={() => drop(toast.id)}>×</button></p>
      ))}
    </div>
  );
}
