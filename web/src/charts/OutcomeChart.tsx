import { useLayoutEffect, useRef, useState } from "react";
import type { Run } from "../api/client";
import { count, short } from "../words/numbers";
import { ofClock, ofDay } from "../words/times";
import { gather, ticks } from "./outcomes";
import "./charts.css";

export function useBox(): [React.RefObject<HTMLDivElement | null>, number] {
  const box = useRef<HTMLDivElement>(null);
  const [pixels, setPixels] = useState(0);
  useLayoutEffect(() => {
    if (!box.current) return;
    const seen = box.current;
    setPixels(seen.clientWidth);
    const watch = new ResizeObserver(() => setPixels(seen.clientWidth));
    watch.observe(seen);
    return () => watch.disconnect();
  }, []);
  return [box, pixels];
}

/** Rows over time: accepted, and on top of them those that were refused. Two scales would lie: one, from zero. */
export function OutcomeChart({ runs, now, hours, label, height = 150 }: { runs: readonly Run[]; now: number; hours?: number; label: string; height?: number }) {
  const [box, pixels] = useBox();
  const oldest = Math.min(now - 3_600_000, ...runs.map((run) => Date.parse(run.started)));
  const since = hours ? now - hours * 3_600_000 : oldest;
  const pieces = gather(runs, now, since, pixels && pixels < 500 ? 18 : 36);
  const lines = ticks(Math.max(0, ...pieces.map((piece) => piece.accepted + piece.refused)));
  const most = lines.at(-1) ?? 1;
  const left = 46;
  const bottom = 20;
  const wide = Math.max(0, pixels - left);
  const step = pieces.length ? wide / pieces.length : 0;
  const y = (value: number) => 8 + (1 - value / most) * (height - bottom - 8);
  const long = (pieces.at(-1)?.to ?? 0) - (pieces[0]?.from ?? 0) > 2 * 86_400_000;
  const name = (at: number) => (long ? ofDay(new Date(at)) : ofClock(new Date(at)));
  const every = Math.max(1, Math.ceil(pieces.length / Math.max(2, Math.floor(wide / 110))));
  return (
    <div className="chart" ref={box}>
      {pixels > 0 && (
        <svg width={pixels} height={height} role="img" aria-label={`${label}. The table below has the numbers.`}>
          {lines.map((line) => (
            <g key={line}><path className="grid" d={`M${left} ${y(line)}H${pixels}`} /><text x={left - 8} y={y(line) + 4} textAnchor="end">{short(line)}</text></g>
          ))}
          {pieces.map((piece, index) => (
            <g key={piece.from}>
              <title>{`${ofDay(new Date(piece.from))}, ${ofClock(new Date(piece.from))}: ${count(piece.accepted)} accepted, ${count(piece.refused)} refused or invalid, ${piece.runs} runs`}</title>
              <rect className="hit" x={left + index * step} y={0} width={step} height={height - bottom} />
              {piece.accepted > 0 && <rect className="accepted" x={left + index * step + 1} width={Math.max(1, step - 2)} y={y(piece.accepted)} height={y(0) - y(piece.accepted)} />}
              {piece.refused > 0 && <rect className="refused" x={left + index * step + 1} width={Math.max(1, step - 2)} y={Math.min(y(piece.accepted + piece.refused), y(piece.accepted) - 2)} height={Math.max(2, y(piece.accepted) - y(piece.accepted + piece.refused))} />}
              {index % every === 0 && <text x={left + index * step + 1} y={height - 4}>{name(piece.from)}</text>}
            </g>
          ))}
        </svg>
      )}
      <details className="behind">
        <summary>The numbers</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label="The numbers of the chart">
          <table>
            <thead><tr><th>From</th><th className="number">Runs</th><th className="number">Accepted</th><th className="number">Refused or invalid</th></tr></thead>
            <tbody>{pieces.filter((piece) => piece.runs).map((piece) => <tr key={piece.from}><td>{ofDay(new Date(piece.from))}, {ofClock(new Date(piece.from))}</td><td className="number">{piece.runs}</td><td className="number">{count(piece.accepted)}</td><td className="number">{count(piece.refused)}</td></tr>)}</tbody>
          </table>
        </div>
      </details>
    </div>
  );
}
