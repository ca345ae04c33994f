import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark" | "auto";
const KEY = "penstock.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "auto";
  } catch {
    return "auto"; // a browser that keeps nothing
  }
}
let theme = kept();

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
}
dark.addEventListener("change", applyTheme);

export function setTheme(next: Theme): void {
  theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // it holds until the page is closed
  }
  applyTheme();
  listeners.forEach((listener) => listener());
}
export const useTheme = (): Theme =>
  useSyncExternalStore((listener) => (listeners.add(listener), () => listeners.delete(listener)), () => theme);
