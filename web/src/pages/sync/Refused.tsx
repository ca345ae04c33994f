// What needs a person: rows by the reason for which they were refused, in the destination's own words.
import { Link } from "wouter";
import type { RefusedGroup } from "../../api/client";
import { Ago, Count, Said } from "../../design/parts";
import { plainly } from "../../words/sayings";

const row = (sync: string, key: string) => `/syncs/${encodeURIComponent(sync)}/rows/${encodeURIComponent(key)}`;

export function RefusedGroups({ sync, groups }: { sync: string; groups: readonly RefusedGroup[] }) {
  return (
    <ul className="groups panel">
      {groups.map((group) => (
        <li key={group.code + group.message}>
          <details open={groups.length < 4}>
            <summary>
              <b><Count n={group.rows} /> {group.rows === 1 ? "row" : "rows"}</b>
              {group.code && <code>{group.code}</code>}
              {group.outcome === "in_doubt" && <span className="soft">in doubt</span>}
              {group.outcome === "failed" && <span className="soft">not delivered</span>}
              {group.since && <span className="faint small">since <Ago at={group.since} /></span>}
            </summary>
            <blockquote title={group.message}>“{plainly(group.message)}”</blockquote>
            {group.remedy && <p><b>What to do.</b> <Said text={group.remedy} /></p>}
            <p className="row keys-of">
              <span className="soft">{group.rows > group.keys.length ? "Such as" : group.rows === 1 ? "Its key" : "Their keys"}</span>
              {group.keys.slice(0, 6).map((key) => <Link key={key} href={row(sync, key)} className="mono">{key}</Link>)}
              {group.run && <Link href={`/runs/${encodeURIComponent(group.run)}/operations?${group.code ? `error=${encodeURIComponent(group.code)}` : `outcome=${group.outcome ?? "refused"}`}`}>In the last run that met it</Link>}
            </p>
          </details>
        </li>
      ))}
    </ul>
  );
}
