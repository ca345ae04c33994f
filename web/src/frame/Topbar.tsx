import { useMutation, useQueryClient } from "@tanstack/react-query";
import { GitBranch, LogOut, Monitor, Moon, Search, Sun, Unplug, UserRound } from "lucide-react";
import { Link, useLocation } from "wouter";
import { answer, api, type Git } from "../api/client";
import { useConnected } from "../api/events";
import { useGit, useSession } from "../api/questions";
import { Menu } from "../design/parts";
import { plural } from "../words/numbers";
import type { Tone } from "../words/status";
import { openPalette } from "./keys";
import { places } from "./places";
import { setTheme, type Theme, useTheme } from "./theme";
import { trail } from "./trail";

function gitWords(git: Git): { text: string; tone: Tone } {
  if (!git.repository) return { text: "not in git", tone: "quiet" };
  switch (git.state) {
    case "refused": return { text: "pull refused", tone: "bad" };
    case "diverged": return { text: "diverged", tone: "bad" };
    case "unpushed": return { text: plural(git.unpushed ?? 1, "commit") + " to push", tone: "warn" };
    case "behind": return { text: `${git.behind ?? 1} behind`, tone: "warn" };
    case "changed": return { text: "uncommitted changes", tone: "warn" };
    default: return { text: "clean", tone: "good" };
  }
}

export function GitState() {
  const { data: git } = useGit();
  if (!git) return null;
  const { text, tone } = gitWords(git);
  return (
    <Link href="/git" className={`git-state tone-${tone}`} title={git.refused ?? `${git.branch ?? "git"}: ${text}`}>
      <GitBranch size={15} aria-hidden />
      {git.repository && <b>{git.branch ?? "git"}</b>}
      <span className={tone === "good" ? "unseen" : ""}>{text}</span>
      {tone === "good" && <i aria-hidden />}
    </Link>
  );
}

const themes: Record<Theme, { next: Theme; icon: typeof Sun; says: string }> = {
  auto: { next: "light", icon: Monitor, says: "as the system" },
  light: { next: "dark", icon: Sun, says: "light" },
  dark: { next: "auto", icon: Moon, says: "dark" },
};
function ThemeSwitch() {
  const theme = useTheme();
  const { next, icon: Icon, says } = themes[theme];
  return (
    <button type="button" className="icon-button" onClick={() => setTheme(next)} title={`Colours: ${says}. Next: ${themes[next].says}`} aria-label={`Colours: ${says}. Change to ${themes[next].says}`}>
      <Icon size={17} aria-hidden />
    </button>
  );
}

function Me() {
  const { data: session } = useSession();
  const cache = useQueryClient();
  const [, go] = useLocation();
  const logout = useMutation({
    mutationFn: () => answer(api.DELETE("/session")),
    onSettled: () => { cache.clear(); location.assign("/"); },
  });
  if (!session?.login_needed) return null;
  return (
    <Menu label={`You are ${session.user}`} kind="quiet" face={<><UserRound size={16} aria-hidden /><span className="wide-only">{session.user}</span></>} choices={[
      { title: session.user ?? "You", says: `Your role is ${session.role}`, icon: UserRound, run: () => go("/settings") },
      { title: "Log out", icon: LogOut, run: () => logout.mutate() },
    ]} />
  );
}

export function Topbar() {
  const [path] = useLocation();
  const { data: session } = useSession();
  const connected = useConnected();
  const steps = trail(path, places);
  return (
    <header className="topbar">
      <nav aria-label="Where you are" className="trail">
        <ol>
          <li><Link href="/">{session?.project ?? "Project"}</Link></li>
          {steps.map((step, index) => (
            <li key={step.href} className={index === steps.length - 1 ? "last" : ""}><Link href={step.href} aria-current={index === steps.length - 1 ? "page" : undefined}>{step.title}</Link></li>
          ))}
        </ol>
      </nav>
      <div className="row topbar-right">
        {!connected && <span className="standing tone-warn" role="status"><Unplug size={15} aria-hidden />connecting again</span>}
        <button type="button" className="find" onClick={openPalette} aria-keyshortcuts="Control+K"><Search size={15} aria-hidden /><span>Find anything</span> <kbd>Ctrl K</kbd></button>
        <GitState />
        <ThemeSwitch />
        <Me />
      </div>
    </header>
  );
}
