// A run drawn as what it is: model → plan → look-up → deliver → ledger. Its width is rows per second.
import { useLayoutEffect, useRef, useState } from "react";
import { Link } from "wouter";
import type { Progress, Run, RunDetail } from "../api/client";
import { count, rate } from "../words/numbers";
import { type Branch, branchWidth, type Flow, flowOf, type Links, type Stage, width } from "./flow";
import { piece, place } from "./layout";
import "./pipe.css";

function useWidth(): [React.RefObject<HTMLElement | null>, number] {
  const element = useRef<HTMLElement>(null);
  const [pixels, setPixels] = useState(0);
  useLayoutEffect(() => {
    const seen = element.current;
    if (!seen) return;
    setPixels(seen.clientWidth);
    const watch = new ResizeObserver(() => setPixels(seen.clientWidth));
    watch.observe(seen);
    return () => watch.disconnect();
  }, []);
  return [element, pixels];
}

export function Pipe({ run, progress, links }: { run: RunDetail; progress?: Progress; links?: Links }) {
  const [element, pixels] = useWidth();
  const flow = flowOf(run, progress, links);
  return (
    <figure className={`pipe ${flow.live ? "live" : "still"}`} ref={element as React.RefObject<HTMLElement>} aria-label={`The run as a pipe. ${flow.says}`} role="group">
      {pixels >= 660 ? <Wide flow={flow} total={pixels} /> : pixels > 0 ? <Narrow flow={flow} /> : null}
    </figure>
  );
}

const stageFigures = (stage: Stage) => (stage.rows === undefined ? "–" : count(stage.rows));
const name = (branch: Branch) => `${count(branch.rows)} ${branch.title}`;

function Wide({ flow, total }: { flow: Flow; total: number }) {
  const at = place(flow, total);
  return (
    <svg width={total} height={at.height} viewBox={`0 0 ${total} ${at.height}`}>
      {at.branches.map(({ branch, path, width: thick, textX, textY }) => (
        <g key={branch.id} className={`branch tone-${branch.tone}`}>
          <path d={path} strokeWidth={thick} />
          {branch.href
            ? <Link href={branch.href} aria-label={name(branch)}><text x={textX} y={textY}><tspan className="figure">{count(branch.rows)}</tspan> {branch.title}</text></Link>
            : <text x={textX} y={textY}><tspan className="figure">{count(branch.rows)}</tspan> {branch.title}</text>}
        </g>
      ))}
      {flow.stages.slice(0, 4).map((stage, index) => {
        const from = at.x[index] ?? 0;
        const to = at.x[index + 1] ?? 0;
        const own = at.widths[index] ?? 2;
        const before = index === 0 ? own : stage.filled ? (at.widths[index - 1] ?? own) : own;
        return (
          <g key={stage.id} className={`piece ${stage.filled ? "filled" : "empty"} ${stage.flows ? "flows" : ""}`}>
            {stage.filled ? <path d={piece(from, to, before, own, at.middle)} /> : <path d={`M${from} ${at.middle}H${to}`} className="dry" />}
            {stage.flows && <path className={`drops ${pace(stage.perSecond)}`} d={`M${from} ${at.middle}H${to}`} strokeWidth={Math.max(2, own * 0.28)} />}
          </g>
        );
      })}
      {flow.gate && <GateMark flow={flow} x={at.x[flow.stages.findIndex((stage) => stage.id === flow.gate?.at)] ?? 0} middle={at.middle} />}
      {flow.stages.map((stage, index) => <StageMark key={stage.id} stage={stage} x={at.x[index] ?? 0} middle={at.middle} />)}
      {flow.broken && <Broken says={flow.broken.says} x={(at.x[flow.stages.findIndex((stage) => stage.id === flow.broken?.at)] ?? 0)} middle={at.middle} />}
    </svg>
  );
}

const pace = (perSecond = 0) => (perSecond > 1000 ? "fast" : perSecond > 50 ? "steady" : "slow");

function StageMark({ stage, x, middle }: { stage: Stage; x: number; middle: number }) {
  const full = stage.queue?.fill ?? 0;
  const tall = 46;
  return (
    <g className={`stage ${full > 0.85 ? "full" : ""}`}>
      <text x={x - 4} y={17} className="title">{stage.title}</text>
      <text x={x - 4} y={37} className="rows">{stageFigures(stage)}{stage.perSecond && stage.rows ? <tspan className="rate" dx={7}>{rate(stage.perSecond)}</tspan> : null}</text>
      <rect className="flange" x={x - 4} y={middle - tall / 2} width={8} height={tall} rx={3} />
      {stage.queue && (
        <>
          <rect className="gauge" x={x - 2.5} y={middle + tall / 2 - 2 - full * (tall - 4)} width={5} height={full * (tall - 4)} rx={2} />
          <title>{`${count(stage.queue.rows)} rows queued before ${stage.title}`}</title>
        </>
      )}
    </g>
  );
}

function GateMark({ flow, x, middle }: { flow: Flow; x: number; middle: number }) {
  const gate = flow.gate;
  if (!gate) return null;
  const half = 4 + gate.opening * 14;
  return (
    <g className={`gate ${gate.tight ? "tight" : ""}`}>
      <path d={`M${x - 22} ${middle - 26}v${26 - half}M${x - 22} ${middle + 26}v${-(26 - half)}`} />
      <text x={x - 22} y={middle + 41} textAnchor="end">{gate.says}</text>
    </g>
  );
}

const Broken = ({ says, x, middle }: { says: string; x: number; middle: number }) => (
  <g className="broken">
    <circle cx={x + 30} cy={middle} r={11} />
    <path d={`M${x + 25.5} ${middle - 4.5}l9 9m0 -9l-9 9`} />
    <text x={x + 47} y={middle + 5}>{says}</text>
  </g>
);

function Narrow({ flow }: { flow: Flow }) {
  return (
    <ol className="pipe-list">
      {flow.stages.map((stage, index) => {
        const own = width(stage.perSecond) * 0.9;
        return (
          <li key={stage.id}>
            <svg className="shaft" width="40" height="100%" aria-hidden>
              {index < 4 && <rect className={stage.filled ? (stage.flows ? "piece-flows" : "piece-filled") : "piece-dry"} x={20 - own / 2} y="12" width={own} height="100%" />}
              <rect className="flange" x="2" y="8" width="36" height="8" rx="3" />
              {stage.queue && <rect className="gauge" x="3.5" y="9.5" width={33 * stage.queue.fill} height="5" rx="2" />}
            </svg>
            <div>
              <b>{stage.title}</b> <span className="rows">{stageFigures(stage)}</span> {stage.perSecond && stage.rows ? <span className="faint">{rate(stage.perSecond)}</span> : null}
              {flow.gate?.at === stage.id && <p className="small soft">{flow.gate.says}</p>}
              {flow.broken?.at === stage.id && <p className="tone-bad toned">✕ {flow.broken.says}</p>}
              {flow.branches.filter((branch) => branch.from === stage.id).map((branch) => (
                <p key={branch.id} className={`off tone-${branch.tone}`}>
                  {branch.href ? <Link href={branch.href}>{name(branch)}</Link> : name(branch)}
                </p>
              ))}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

const brokenX: Record<string, number> = { model: 16, plan: 48, lookup: 62, deliver: 86, ledger: 106 };

/** The same, small: the row of a sync in a table. What it says stands beside it in words. */
export function MiniPipe({ run }: { run?: Run }) {
  if (!run) return <svg className="mini-pipe" width="120" height="24" aria-hidden><path d="M2 10H118" className="dry" /></svg>;
  const flow = flowOf(run);
  const [first = 2, , , last = 2] = flow.stages.map((stage) => width(stage.perSecond) * 0.5);
  const [model, , , deliver] = flow.stages;
  const off = (tone: string) => flow.branches.filter((branch) => branch.tone === tone).reduce((sum, branch) => sum + branch.rows, 0);
  const bad = off("bad");
  const warn = off("warn");
  return (
    <svg className="mini-pipe" width="120" height="24" viewBox="0 0 120 24" aria-hidden>
      {model?.filled ? <path d={piece(2, 44, first, first, 9)} className="wet" /> : <path d="M2 9H44" className="dry" />}
      {deliver?.filled ? <path d={piece(44, 118, model?.filled ? first : last, last, 9)} className="wet strong" /> : <path d="M44 9H118" className="dry" />}
      {warn > 0 && <path d="M50 10c6 0 4 11 12 11h8" className="off tone-warn" strokeWidth={branchWidth(warn) * 0.6} />}
      {bad > 0 && <path d="M82 10c6 0 4 11 12 11h8" className="off tone-bad" strokeWidth={branchWidth(bad) * 0.6} />}
      {flow.broken && <path d={`M${brokenX[flow.broken.at]} 4l10 10m0-10l-10 10`} className="off tone-bad" strokeWidth="2" />}
    </svg>
  );
}
