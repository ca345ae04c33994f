// The small parts that every page is made of.
import { Check, ChevronDown, Copy, type LucideIcon } from "lucide-react";
import { type ComponentProps, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Link } from "wouter";
import { Problem } from "../api/client";
import { count, short } from "../words/numbers";
import type { Shape, Standing, Tone } from "../words/status";
import { exact, fromNow } from "../words/times";
import { useNow } from "./now";

type Kind = "primary" | "plain" | "quiet" | "danger";
export function Button({ kind = "plain", icon: Icon, busy, children, className = "", ...rest }:
  { kind?: Kind; icon?: LucideIcon; busy?: boolean } & ComponentProps<"button">) {
  return (
    <button type="button" {...rest} className={`button ${kind} ${className}`} aria-busy={busy || undefined} disabled={rest.disabled || busy}>
      {Icon && <Icon size={16} aria-hidden />}
      {children}
    </button>
  );
}

export function ButtonLink({ kind = "plain", icon: Icon, href, children }:
  { kind?: Kind; icon?: LucideIcon; href: string; children: ReactNode }) {
  return (
    <Link href={href} className={`button ${kind}`}>
      {Icon && <Icon size={16} aria-hidden />}
      {children}
    </Link>
  );
}

const shapes: Record<Shape, ReactNode> = {
  check: <path d="M3.5 8.5l3 3 6-7" />,
  half: <><circle cx="8" cy="8" r="5.5" /><path d="M8 2.5a5.5 5.5 0 0 1 0 11z" className="filled" /></>,
  cross: <path d="M4 4l8 8M12 4l-8 8" />,
  stop: <path d="M5.7 2.5h4.6l3.2 3.2v4.6l-3.2 3.2H5.7l-3.2-3.2V5.7zM5.5 8h5" />,
  clock: <><circle cx="8" cy="8" r="5.5" /><path d="M8 5v3.2l2.2 1.3" /></>,
  circle: <circle cx="8" cy="8" r="5.2" strokeDasharray="2.4 2" />,
  flow: <path d="M2 6c2-2 4 2 6 0s4 2 6 0M2 10.5c2-2 4 2 6 0s4 2 6 0" />,
  pause: <path d="M5.5 4v8M10.5 4v8" />,
  broken: <path d="M2.5 8h3.5M10 8h3.5M7 5.5l-.6 5M9.6 5.5l-.6 5" />,
};
export const ShapeMark = ({ shape, tone }: { shape: Shape; tone: Tone }) => (
  <svg className={`shape tone-${tone}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden>{shapes[shape]}</svg>
);
export const StandingMark = ({ standing, bare }: { standing: Standing; bare?: boolean }) => (
  <span className={`standing tone-${standing.tone} ${bare ? "bare" : ""}`} title={standing.says}>
    <ShapeMark shape={standing.shape} tone={standing.tone} />
    {standing.word}
  </span>
);

export function Ago({ at, none = "never" }: { at?: string; none?: string }) {
  const now = useNow();
  if (!at) return <span className="faint">{none}</span>;
  return <time dateTime={at} title={exact(at)} className="nowrap">{fromNow(at, now)}</time>;
}
/** A sentence of the server, with its `code` set as code. */
export const Said = ({ text }: { text?: string }) => (
  <>{(text ?? "").split(/`([^`]+)`/).map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part))}</>
);
export const Count = ({ n, brief }: { n?: number; brief?: boolean }) => (
  <span title={brief ? count(n) : undefined}>{brief ? short(n) : count(n)}</span>
);

export function Section({ title, more, children, className = "", id }:
  { title?: ReactNode; more?: ReactNode; children: ReactNode; className?: string; id?: string }) {
  const own = useId();
  const label = title ? own : undefined;
  return (
    <section className={`section ${className}`} aria-labelledby={label} id={id}>
      {title && (
        <header className="section-head">
          <h2 id={label}>{title}</h2>
          {more && <div className="row">{more}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** An empty page teaches: one sentence, one example, one button. */
export const Empty = ({ title, children, example, action, top }:
  { title: string; top?: boolean; children?: ReactNode; example?: string; action?: ReactNode }) => (
  <div className="empty">
    <svg viewBox="0 0 120 40" width="120" height="40" aria-hidden><path d="M2 14h40c14 0 14 12 28 12h48" /><path d="M2 14h40c14 0 14 12 28 12h48" className="inner" /></svg>
    {top ? <h1>{title}</h1> : <h2>{title}</h2>}
    {children && <p className="soft prose">{children}</p>}
    {example && <CommandLine text={example} />}
    {action && <div className="row">{action}</div>}
  </div>
);

/** What went wrong, why, and what to do. */
export function Trouble({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const problem = error instanceof Problem ? error : new Problem({ title: String((error as Error)?.message ?? error) }, 0);
  return (
    <div className="trouble" role="alert">
      <ShapeMark shape="cross" tone="bad" />
      <div className="stack">
        <div>
          <strong>{title ? `${title}: ${problem.message}` : problem.message}</strong>
          {problem.detail && <p className="soft">{problem.detail}</p>}
          {problem.remedy && <p><Said text={problem.remedy} /></p>}
        </div>
        {problem.diagnostics.length > 0 && (
          <ul className="stack">
            {problem.diagnostics.map((each, index) => (
              <li key={index}><code>{[each.file, each.line, each.column].filter(Boolean).join(":")}</code> {each.message}{each.hint && <span className="soft"> {each.hint}</span>}</li>
            ))}
          </ul>
        )}
        {retry && <div><Button onClick={retry}>Try again</Button></div>}
      </div>
    </div>
  );
}

export const Skeleton = ({ lines = 3, tall }: { lines?: number; tall?: boolean }) => (
  <div className={`skeleton ${tall ? "tall" : ""}`} role="status" aria-label="Loading">
    {Array.from({ length: lines }, (_, index) => <span key={index} />)}
  </div>
);

/** What a question has come to: the page's shape while it is asked, what is wrong, or the page. */
export function Asked<T>({ of, children, lines, tall }: {
  of: { data?: T; error: unknown; isPending: boolean; refetch: () => unknown };
  children: (data: T) => ReactNode; lines?: number; tall?: boolean;
}) {
  if (of.data !== undefined) return <>{of.error ? <Trouble error={of.error} title="Not up to date" retry={() => void of.refetch()} /> : null}{children(of.data)}</>;
  if (of.error) return <Trouble error={of.error} retry={() => void of.refetch()} />;
  return <Skeleton lines={lines} tall={tall} />;
}

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    await navigator.clipboard.writeText(text).then(() => setDone(true), () => setDone(false));
  };
  return (
    <button type="button" className="icon-button" onClick={() => void copy()} aria-label={done ? "Copied" : label} title={done ? "Copied" : label}>
      {done ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
    </button>
  );
}
export const CommandLine = ({ text }: { text: string }) => (
  <div className="command"><code>{text}</code><CopyButton text={text} label="Copy the command" /></div>
);

export const TabLinks = ({ label, tabs, here }: { label: string; tabs: { href: string; title: ReactNode }[]; here: string }) => (
  <nav className="tabs" aria-label={label}>
    {tabs.map((tab) => (
      <Link key={tab.href} href={tab.href} aria-current={here === tab.href ? "page" : undefined}>{tab.title}</Link>
    ))}
  </nav>
);

export interface Choice {
  title: string;
  says?: string;
  icon?: LucideIcon;
  run: () => void;
  danger?: boolean;
  disabled?: boolean;
}
export function Menu({ label, icon: Icon, choices, kind = "plain", face }:
  { label: string; icon?: LucideIcon; choices: Choice[]; kind?: Kind; face?: ReactNode }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const away = (event: PointerEvent) => !box.current?.contains(event.target as Node) && setOpen(false);
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>("button")?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const items = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") items[(at + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length]?.focus();
    else if (event.key === "Tab") setOpen(false);
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="menu" ref={box} onKeyDown={open ? onKeyDown : undefined}>
      <button type="button" className={`button ${kind}`} aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)} aria-label={face ? label : undefined}>
        {Icon && <Icon size={16} aria-hidden />}
        {face ?? label}
        <ChevronDown size={14} aria-hidden />
      </button>
      {open && (
        <div className="menu-list" role="menu" aria-label={label}>
          {choices.map((choice) => (
            <button type="button" role="menuitem" tabIndex={-1} key={choice.title} disabled={choice.disabled}
              className={choice.danger ? "danger" : ""} onClick={() => { close(); choice.run(); }}>
              {choice.icon && <choice.icon size={16} aria-hidden />}
              <span><b>{choice.title}</b>{choice.says && <small>{choice.says}</small>}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

export function Dialog({ title, onClose, children, actions, wide }:
  { title: string; onClose: () => void; children: ReactNode; actions?: ReactNode; wide?: boolean }) {
  const element = useRef<HTMLDialogElement>(null);
  const label = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog ref={element} className={wide ? "wide" : ""} aria-labelledby={label} onClose={onClose} onCancel={onClose}
      onClick={(event) => event.target === element.current && onClose()}>
      <div className="dialog-body">
        <h2 id={label}>{title}</h2>
        {children}
        {actions && <div className="dialog-actions">{actions}</div>}
      </div>
    </dialog>
  );
}

export function Labeled({ label, help, error, children, required, aside }: {
  label: ReactNode; help?: ReactNode; error?: ReactNode; required?: boolean; aside?: ReactNode;
  children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode;
}) {
  const id = useId();
  const described = error ? `${id}-error` : help ? `${id}-help` : undefined;
  return (
    <div className={`labeled ${error ? "wrong" : ""}`}>
      <div className="row apart">
        <label htmlFor={id}>{label}{required && <span className="faint"> (required)</span>}</label>
        {aside}
      </div>
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined })}
      {error && <p className="field-error" id={`${id}-error`}>{error}</p>}
      {help && <p className="field-help" id={`${id}-help`}>{help}</p>}
    </div>
  );
}

/** What may be wider than the screen scrolls by itself, also by keyboard. */
export const Wide = ({ label, children, className = "" }: { label: string; children: ReactNode; className?: string }) => (
  <div className={`panel scroll-x ${className}`} tabIndex={0} role="region" aria-label={label}>{children}</div>
);

export const Chip = ({ children, onRemove, label }: { children: ReactNode; onRemove?: () => void; label?: string }) => (
  <span className="chip">{children}{onRemove && <button type="button" onClick={onRemove} aria-label={`Remove ${label ?? "filter"}`}>×</button>}</span>
);
