// Rows of a query as they are.
import type { Rows } from "../api/client";
import { Value } from "./Json";

export function RowsTable({ rows, label, most = 100 }: { rows: Rows; label: string; most?: number }) {
  return (
    <div className="panel scroll-x rows-table" tabIndex={0} role="region" aria-label={label}>
      <table className="plain-table">
        <thead><tr>{rows.columns.map((column) => <th key={column.name} scope="col"><code>{column.name}</code><small className="faint"> {column.type.toLowerCase()}</small></th>)}</tr></thead>
        <tbody>{rows.rows.slice(0, most).map((row, index) => <tr key={index}>{row.map((value, at) => <td key={at} className={typeof value === "number" ? "number" : ""}><Value value={value} /></td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
