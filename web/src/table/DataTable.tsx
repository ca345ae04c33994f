// Tables of any length: only the rows in sight are made, the head sticks, arrow keys go from row to row, and people
// choose the columns. On phones each row is a small card.
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { Columns3 } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import "./table.css";

export interface Column<Row> {
  id: string;
  title: string;
  cell: (row: Row) => ReactNode;
  number?: boolean;
  still?: boolean; // on one line
  wide?: boolean; // takes what is left of the width
  sort?: (a: Row, b: Row) => number;
  hidden?: boolean; // until somebody chooses it
  phone?: "first" | "hide"; // in the card: its headline, or not at all
}
export interface TableProps<Row> {
  label: string;
  name: string; // under which the choice of columns is kept
  columns: Column<Row>[];
  rows: readonly (Row | undefined)[]; // undefined: not here yet, and asked for when it comes into sight
  keyOf: (row: Row) => string;
  hrefOf?: (row: Row) => string | undefined;
  total?: number; // rows there are, where `rows` is a part of them
  from?: number; // the first row's place among these
  onSight?: (first: number, last: number) => void; // which rows are in sight, as places in `rows`
  rowHeight?: number;
}

function useColumns<Row>(name: string, columns: Column<Row>[]) {
  const key = `penstock.columns.${name}`;
  const [off, setOff] = useState<string[]>(() => {
    const usual = columns.filter((column) => column.hidden).map((column) => column.id);
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
      return Array.isArray(kept) ? kept.map(String) : usual;
    } catch {
      return usual;
    }
  });
  const toggle = (id: string) => {
    const next = off.includes(id) ? off.filter((each) => each !== id) : [...off, id];
    setOff(next);
    localStorage.setItem(key, JSON.stringify(next));
  };
  return { shown: columns.filter((column) => !off.includes(column.id)), off, toggle };
}

export function DataTable<Row>(props: TableProps<Row>) {
  const { label, name, columns, keyOf, onSight } = props;
  const hrefOf = (row: Row | undefined) => (row === undefined ? undefined : props.hrefOf?.(row));
  const { shown, off, toggle } = useColumns(name, columns);
  const [order, setOrder] = useState<{ id: string; down: boolean }>();
  const [at, setAt] = useState(0);
  const body = useRef<HTMLTableSectionElement>(null);
  const [, go] = useLocation();
  const by = columns.find((column) => column.id === order?.id)?.sort;
  const rows = by ? [...(props.rows as readonly Row[])].sort((a, b) => (order?.down ? -by(a, b) : by(a, b))) : props.rows; // tables that come in parts have no sort
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(body.current ? body.current.getBoundingClientRect().top + window.scrollY : 0), [rows.length === 0]);
  const phone = typeof matchMedia === "function" && matchMedia("(max-width: 760px)").matches;
  const keyAt = (index: number) => {
    const row = rows[index];
    return row === undefined ? `#${index}` : keyOf(row);
  };
  const view = useWindowVirtualizer({ count: rows.length, estimateSize: () => (phone ? 120 : props.rowHeight ?? 44), overscan: 12, scrollMargin: top, getItemKey: (index) => keyAt(index) });
  const items = view.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onSight?.(first, last), [first, last, onSight]);
  const before = items[0] ? items[0].start - top : 0;
  const after = Math.max(0, view.getTotalSize() - ((items.at(-1)?.end ?? top) - top));
  const focus = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    setAt(next);
    view.scrollToIndex(next, { align: "auto" });
    requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    if (event.target !== event.currentTarget) return;
    const moves: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1, PageDown: index + 10, PageUp: index - 10 };
    const href = hrefOf(rows[index]);
    if (event.key === "Enter" && href) go(href);
    else if (moves[event.key] !== undefined) focus(moves[event.key] as number);
    else return;
    event.preventDefault();
  };
  const tab = Math.min(at, Math.max(0, rows.length - 1));
  const tabInSight = items.some((item) => item.index === tab) ? tab : items[0]?.index;
  return (
    <div className="data-table">
      <Chooser columns={columns} off={off} toggle={toggle} />
      <table role="table" aria-label={label} aria-rowcount={(props.total ?? rows.length) + 1}>
        <thead role="rowgroup">
          <tr role="row">
            {shown.map((column) => (
              <th role="columnheader" key={column.id} scope="col" className={`${column.number ? "number" : ""} ${column.wide ? "wide" : ""}`}
                aria-sort={order?.id === column.id ? (order.down ? "descending" : "ascending") : undefined}>
                {column.sort
                  ? <button type="button" onClick={() => setOrder({ id: column.id, down: order?.id === column.id ? !order.down : !!column.number })}>{column.title}<i aria-hidden>{order?.id === column.id ? (order.down ? "↓" : "↑") : ""}</i></button>
                  : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} role="rowgroup">
          {before > 0 && <tr aria-hidden className="space"><td colSpan={shown.length} style={{ height: before }} /></tr>}
          {items.map((item) => {
            const row = rows[item.index];
            const place = (props.from ?? 0) + item.index + 2;
            if (row === undefined)
              return <tr role="row" key={item.key} data-index={item.index} ref={view.measureElement} aria-rowindex={place} aria-busy className="comes">{shown.map((column, index) => <td role="cell" key={column.id} className={`${column.phone ?? ""} ${column.wide ? "wide" : ""}`}>{index === 0 ? <span className="unseen">on its way</span> : " "}<i aria-hidden /></td>)}</tr>;
            return (
              <tr role="row" key={item.key} data-index={item.index} ref={view.measureElement} tabIndex={item.index === tabInSight ? 0 : -1} aria-rowindex={place}
                className={hrefOf(row) ? "opens" : ""} onKeyDown={(event) => onKeyDown(event, item.index)} onFocus={() => setAt(item.index)}
                onClick={(event) => { const href = hrefOf(row); if (href && !(event.target as HTMLElement).closest("a,button") && !getSelection()?.toString()) go(href); }}>
                {shown.map((column) => <td role="cell" key={column.id} data-title={column.title} className={`${column.number ? "number" : ""} ${column.phone ?? ""} ${column.wide ? "wide" : ""} ${column.still ? "nowrap" : ""}`}>{column.cell(row)}</td>)}
              </tr>
            );
          })}
          {after > 0 && <tr aria-hidden className="space"><td colSpan={shown.length} style={{ height: after }} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

function Chooser<Row>({ columns, off, toggle }: { columns: Column<Row>[]; off: string[]; toggle: (id: string) => void }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => !box.current?.contains(event.target as Node) && setOpen(false);
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  return (
    <span className="chooser" ref={box} onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <button type="button" className="icon-button" aria-label="Choose columns" title="Choose columns" aria-expanded={open} onClick={() => setOpen(!open)}><Columns3 size={15} aria-hidden /></button>
      {open && (
        <span className="menu-list" role="group" aria-label="Columns">
          {columns.map((column) => <label key={column.id} className="check"><input type="checkbox" checked={!off.includes(column.id)} disabled={column.phone === "first"} onChange={() => toggle(column.id)} />{column.title}</label>)}
        </span>
      )}
    </span>
  );
}
