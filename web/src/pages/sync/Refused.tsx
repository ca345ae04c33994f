// What needs a person: rows by the reason for which they were refused, in the destination's own words.
import { Link } from "wouter";
import type { RefusedGroup } from "../../api/client";
import { Ago, Count, Said } from "../../design/parts";
import { plural } from "../../words/numbers";

const row = (sync: string, key: string) => `/syncs/${encodeURIComponent(sync)}/rows/${encodeURIComponent(key)}`;

export function RefusedGroups({ sync, groups }: { sync: string; groups: readonly RefusedGroup[] }) {
  return (
    <ul className="groups panel">
      {groups.map((group) => (
        <li key={group.code + group.message}>
          <details open={groups.length < 4}>
            <summary>
              <b><Count n={group.rows} /> {group.rows === 1 ? "row" : "rows"}</b>
              <code>{group.code}</code>
              {group.since && <span className="faint small">since <Ago at={group.since} /></span>}
            </summary>
            <blockquote>“{group.message}”</blockquote>
            {group.remedy && <p><b>What to do.</b> <Said text={group.remedy} /></p>}
            <p className="row keys-of">
              <span className="soft">Such as</span>
              {group.keys.slice(0, 6).map((key) => <Link key={key} href={row(sync, key)} className="mono">{key}</Link>)}
              {group.run && <Link href={`/runs/${encodeURIComponent(group.run)}/operations?error=${encodeURIComponent(group.code)}`}>{group.rows > 1 ? `All ${plural(group.rows, "row")}` : "In the run"}</Link>}
            </p>
          </details>
        </li>
      ))}
    </ul>
  );
}
