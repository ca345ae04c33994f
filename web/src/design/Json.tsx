// JSON to read: folded, searched, copied. Masked values look masked, and say why.
import { useMemo, useState } from "react";
import { bytes, plural } from "../words/numbers";
import { CopyButton } from "./parts";
import { type Found, hits, isMasked, readBody } from "./tree";

export function Body({ text, label }: { text: string; label: string }) {
  const read = useMemo(() => readBody(text), [text]);
  if (read === undefined) return <div className="code-box"><CopyButton text={text} label={`Copy ${label}`} /><pre className="code" tabIndex={0} aria-label={label}>{text || "(empty)"}</pre></div>;
  return <Json value={read} label={label} text={text} />;
}

export function Json({ value, label, text }: { value: unknown; label: string; text?: string }) {
  const [search, setSearch] = useState("");
  const found = useMemo(() => (search ? hits(value, search) : undefined), [value, search]);
  const whole = useMemo(() => JSON.stringify(value, null, 2), [value]);
  return (
    <div className="json">
      <div className="row apart">
        <span className="small faint">{label}, {bytes((text ?? whole).length)}{found && <>, {plural(found.size && found.count, "hit")}</>}</span>
        <span className="row"><input type="search" className="json-search" aria-label={`Search in ${label}`} placeholder="Search" value={search} onChange={(event) => setSearch(event.target.value)} /><CopyButton text={whole} label={`Copy ${label}`} /></span>
      </div>
      <div className="code" tabIndex={0} role="group" aria-label={label}><Node value={value} depth={0} path="" search={search} found={found} /></div>
    </div>
  );
}

function Node({ value, name, depth, path, search, found }: { value: unknown; name?: string; depth: number; path: string; search: string; found?: Found }) {
  const many = typeof value === "object" && value !== null;
  const entries = many ? Object.entries(value) : [];
  const [open, setOpen] = useState<boolean | undefined>();
  const key = name !== undefined && <span className="code-key"><Marked text={name} search={search} />: </span>;
  if (!many) return <div className="json-line">{key}<Leaf value={value} search={search} /></div>;
  const list = Array.isArray(value);
  const unfolded = open ?? (found?.has(path) || depth < 3 && entries.length <= 30);
  return (
    <div>
      <button type="button" className="json-fold" aria-expanded={unfolded} onClick={() => setOpen(!unfolded)}>
        <i aria-hidden>{unfolded ? "▾" : "▸"}</i>{key}{list ? "[" : "{"}{!unfolded && <span className="faint"> {plural(entries.length, list ? "item" : "key")} </span>}{!unfolded && (list ? "]" : "}")}
      </button>
      {unfolded && <div className="json-inside">{entries.map(([each, inner]) => <Node key={each} name={list ? undefined : each} value={inner} depth={depth + 1} path={`${path}/${each}`} search={search} found={found} />)}</div>}
      {unfolded && (list ? "]" : "}")}
    </div>
  );
}

export const Masked = () => <span className="masked" title="Masked: the column is listed under pii in its model. The value is kept nowhere but in the destination.">•••</span>;

function Leaf({ value, search }: { value: unknown; search: string }) {
  if (isMasked(value)) return <Masked />;
  if (typeof value === "string") return <span className="code-string">"<Marked text={value} search={search} />"</span>;
  return <span className={typeof value === "number" ? "code-number" : "code-word"}><Marked text={String(value)} search={search} /></span>;
}

function Marked({ text, search }: { text: string; search: string }) {
  const at = search ? text.toLowerCase().indexOf(search.toLowerCase()) : -1;
  if (at < 0) return <>{text}</>;
  return <>{text.slice(0, at)}<mark>{text.slice(at, at + search.length)}</mark>{text.slice(at + search.length)}</>;
}

/** A value of a field, short. */
export function Value({ value }: { value: unknown }) {
  if (value === undefined) return <span className="faint">–</span>;
  if (value === null) return <span className="faint">NULL</span>;
  if (isMasked(value)) return <Masked />;
  return <span className="value">{typeof value === "string" ? value || <span className="faint">empty text</span> : JSON.stringify(value)}</span>;
}
