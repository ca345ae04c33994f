// The last runs of a sync, as small bars: height by rows sent, colour and shape by how they ended.
import { useLocation } from "wouter";
import type { Run } from "../api/client";
import { plural } from "../words/numbers";
import { isOver, status } from "../words/status";
import { exact } from "../words/times";

const HEIGHT = 22;
export function RunBars({ runs, most = 12 }: { runs: readonly Run[] | undefined; most?: number }) {
  const [, go] = useLocation(); // a shortcut for the mouse; by keyboard the runs are on the page of their sync
  const shown = [...(runs ?? [])].slice(0, most).reverse();
  const top = Math.max(1, ...shown.map((run) => Math.log10(1 + (run.sent ?? 0))));
  const words = shown.map((run) => status(run).word);
  return (
    <svg className="run-bars" width={most * 8} height={HEIGHT} role="img" aria-label={shown.length ? `The last ${plural(shown.length, "run")}, oldest first: ${summary(words)}` : "No runs yet"}>
      {Array.from({ length: most - shown.length }, (_, index) => <rect key={`none${index}`} className="none" x={index * 8 + 1} y={HEIGHT - 3} width="5" height="2" rx="1" />)}
      {shown.map((run, index) => {
        const tall = isOver(run) ? 4 + (Math.log10(1 + (run.sent ?? 0)) / top) * (HEIGHT - 5) : HEIGHT;
        const x = (most - shown.length + index) * 8 + 1;
        const { tone } = status(run);
        return (
          <g key={run.run} className={`tone-${tone}`} onClick={(event) => { event.stopPropagation(); go(`/runs/${encodeURIComponent(run.run)}`); }}>
              <title>{`${status(run).word}, ${plural(run.sent ?? 0, "row")} sent, ${exact(run.started)}`}</title>
              <rect className="hit" x={x - 1} y="0" width="8" height={HEIGHT} />
              <rect className="bar" x={x} y={HEIGHT - tall} width="5" height={tall} rx="1.5" />
              {tone === "bad" && <path className="cut" d={`M${x - 0.5} ${HEIGHT - tall / 2}h6`} />}
          </g>
        );
      })}
    </svg>
  );
}

function summary(words: string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, n]) => `${n} ${word.toLowerCase()}`).join(", ");
}
