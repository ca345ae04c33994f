import { Bell, Boxes, Database, GitBranch, Home, type LucideIcon, Play, Settings, Waves } from "lucide-react";

export interface Place { href: string; title: string; icon: LucideIcon; key: string }
/** Where the navigation leads, and the letter that leads there after `g`. */
export const places: Place[] = [
  { href: "/", title: "Overview", icon: Home, key: "o" },
  { href: "/syncs", title: "Syncs", icon: Waves, key: "s" },
  { href: "/models", title: "Models", icon: Database, key: "m" },
  { href: "/tools", title: "Tools", icon: Boxes, key: "t" },
  { href: "/runs", title: "Runs", icon: Play, key: "r" },
  { href: "/alerts", title: "Alerts", icon: Bell, key: "a" },
  { href: "/git", title: "Git", icon: GitBranch, key: "i" },
  { href: "/settings", title: "Settings", icon: Settings, key: "e" },
];
export const isAt = (path: string, href: string) => (href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`) || (href === "/runs" && path.startsWith("/plans/")) || (href === "/git" && path.startsWith("/files/")));
