// Ctrl K: finds any sync, model, run or command. `?` lists the keys.
import { type KeyboardEvent as ReactKeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { useConnectors, useDestinations, useModels, useRuns, useSyncs } from "../api/questions";
import { Dialog } from "../design/parts";
import { health } from "../words/status";
import { type Found, rank } from "./find";
import { isTyping, keyReader, onOpenPalette } from "./keys";
import { useMay } from "./may";
import { places } from "./places";
import { setTheme } from "./theme";

export function Palette() {
  const [, go] = useLocation();
  const [open, setOpen] = useState(false);
  const [help, setHelp] = useState(false);
  useEffect(() => onOpenPalette(() => setOpen(true)), []);
  useEffect(() => {
    const read = keyReader(Object.fromEntries(places.map((place) => [place.key, place.href])));
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOpen(true);
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const meant = read(event.key, event.timeStamp);
      if (meant.go) go(meant.go);
      else if (meant.help) setHelp(true);
      else if (meant.find) {
        const field = document.querySelector<HTMLInputElement>("main input[type=search]");
        if (field) field.focus();
        else setOpen(true);
      } else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [go]);
  if (help) return <Keys onClose={() => setHelp(false)} />;
  return open ? <Finder onClose={() => setOpen(false)} /> : null;
}

function useEverything(text: string): Found[] {
  const syncs = useSyncs().data;
  const models = useModels().data;
  const destinations = useDestinations().data;
  const connectors = useConnectors().data;
  const runs = useRuns({ limit: 50 }).data;
  const may = useMay();
  return useMemo(() => {
    const all: Found[] = [
      ...places.map((place) => ({ kind: "page", title: place.title, says: `g ${place.key}`, href: place.href })),
      ...(may("edit") ? [
        { kind: "do", title: "New sync", says: "from a model to a destination", href: "/syncs/new" },
        { kind: "do", title: "New model", says: "a query with a primary key", href: "/models/new" },
        { kind: "do", title: "Connect a destination", says: "a tool that is written to", href: "/tools/connect/destination" },
        { kind: "do", title: "Connect a source", says: "a warehouse that is read", href: "/tools/connect/source" },
      ] : []),
      { kind: "do", title: "Light colours", says: "", run: () => setTheme("light") },
      { kind: "do", title: "Dark colours", says: "", run: () => setTheme("dark") },
      ...(syncs ?? []).map((sync) => ({ kind: "sync", title: sync.name, says: `${sync.model} → ${sync.destination_title ?? sync.destination} ${sync.object} · ${health(sync).word}`, href: `/syncs/${encodeURIComponent(sync.name)}` })),
      ...(models ?? []).map((model) => ({ kind: "model", title: model.name, says: model.description ?? "", href: `/models/${encodeURIComponent(model.name)}` })),
      ...(destinations ?? []).map((each) => ({ kind: "tool", title: each.name, says: each.title ?? each.type, href: "/tools" })),
      ...(runs ?? []).map((run) => ({ kind: "run", title: run.run, says: `${run.sync} · ${run.status}`, href: `/runs/${encodeURIComponent(run.run)}` })),
      ...(connectors ?? []).map((each) => ({ kind: "connector", title: each.title, says: each.help ?? "", href: `/tools/catalogue/${each.name}` })),
    ];
    const found = rank(all, text).slice(0, 40);
    // A key is known by the syncs only: offered for those whose name is typed before it, or for all while they are few.
    const words = text.trim().split(/\s+/);
    const key = words.at(-1) ?? "";
    if (key.length > 0 && /[\d@]/.test(key)) {
      const named = words.length > 1 ? (syncs ?? []).filter((sync) => sync.name.includes(words[0] ?? "")) : (syncs ?? []);
      found.push(...named.slice(0, 6).map((sync) => ({ kind: "row", title: key, says: `the row of this key in ${sync.name}`, href: `/syncs/${encodeURIComponent(sync.name)}/rows/${encodeURIComponent(key)}` })));
    }
    return found;
  }, [syncs, models, destinations, connectors, runs, text]);
}

function Finder({ onClose }: { onClose: () => void }) {
  const [, go] = useLocation();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const found = useEverything(text);
  useEffect(() => {
    void list.current?.children[at]?.scrollIntoView({ block: "nearest" }); // newer browsers answer with a promise
  }, [at]);
  const take = (one?: Found) => {
    if (!one) return;
    onClose();
    if (one.run) one.run();
    else if (one.href) go(one.href);
  };
  const onKeyDown = (event: ReactKeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter") take(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Find anything" onClose={onClose}>
      <div className="palette">
        <input type="text" autoFocus value={text} placeholder="A sync, model, run, page, or a row's key" role="combobox" aria-label="Find anything" aria-expanded="true" aria-autocomplete="list"
          aria-controls={id} aria-activedescendant={found[at] ? `${id}-${at}` : undefined} onChange={(event) => { setText(event.target.value); setAt(0); }} onKeyDown={onKeyDown} />
        <ul role="listbox" aria-label="Found" id={id} ref={list}>
          {found.map((one, index) => (
            <li key={one.kind + one.title + one.href} id={`${id}-${index}`} role="option" aria-selected={index === at} onPointerMove={() => setAt(index)} onClick={() => take(one)}>
              <span className="kind">{one.kind}</span><b>{one.title}</b><span className="says">{one.says}</span>
            </li>
          ))}
        </ul>
        {found.length === 0 && <p className="soft">Nothing is called that. A row is found by its sync's name and its key, such as <code>customers_to_crm 1042</code>.</p>}
      </div>
    </Dialog>
  );
}

const Keys = ({ onClose }: { onClose: () => void }) => (
  <Dialog title="Keys" onClose={onClose}>
    <dl className="keys">
      <div><dt><kbd>Ctrl K</kbd></dt><dd>Find anything</dd></div>
      <div><dt><kbd>/</kbd></dt><dd>Search on this page</dd></div>
      <div><dt><kbd>?</kbd></dt><dd>These keys</dd></div>
      {places.map((place) => <div key={place.href}><dt><kbd>g</kbd> <kbd>{place.key}</kbd></dt><dd>{place.title}</dd></div>)}
      <div><dt><kbd>↑</kbd> <kbd>↓</kbd> <kbd>Home</kbd> <kbd>End</kbd></dt><dd>Row by row in a table</dd></div>
      <div><dt><kbd>Enter</kbd></dt><dd>Open the row</dd></div>
      <div><dt><kbd>Esc</kbd></dt><dd>Close what is open</dd></div>
    </dl>
  </Dialog>
);
