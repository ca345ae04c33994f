// Values over the time of a run, from zero, with the limit where there is one, and a table behind.
import { count, short } from "../words/numbers";
import { span } from "../words/times";
import { useBox } from "./OutcomeChart";
import { ticks } from "./outcomes";

export interface Series { name: string; kind: "line" | "second" | "third"; points: { x: number; y: number }[]; area?: boolean }
const thin = <T,>(all: readonly T[], most: number): T[] => (all.length <= most ? [...all] : all.filter((_, index) => index % Math.ceil(all.length / most) === 0 || index === all.length - 1));

export function LineChart({ series, limit, unit, label, height = 160 }: { series: Series[]; limit?: { y: number; name: string }; unit: string; label: string; height?: number }) {
  const [box, pixels] = useBox();
  const all = series.flatMap((each) => each.points);
  const end = Math.max(1, ...all.map((point) => point.x));
  const begin = Math.min(end - 1, ...all.map((point) => point.x));
  const lines = ticks(Math.max(limit?.y ?? 0, ...all.map((point) => point.y)));
  const most = lines.at(-1) ?? 1;
  const left = 46;
  const bottom = 20;
  const x = (value: number) => left + ((value - begin) / (end - begin)) * Math.max(0, pixels - left - 4);
  const y = (value: number) => 8 + (1 - value / most) * (height - bottom - 8);
  const path = (points: Series["points"]) => thin(points, 400).map((point, index) => `${index ? "L" : "M"}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`).join("");
  return (
    <div className="chart" ref={box}>
      {series.length > 1 && <div className="legend">{series.map((each) => <span key={each.name}><svg width="22" height="8" aria-hidden><path d="M1 4H21" className={`line ${each.kind}`} /></svg> {each.name}</span>)}</div>}
      {pixels > 0 && (
        <svg width={pixels} height={height} role="img" aria-label={`${label}. The table below has the numbers.`}>
          {lines.map((line) => <g key={line}><path className="grid" d={`M${left} ${y(line)}H${pixels}`} /><text x={left - 8} y={y(line) + 4} textAnchor="end">{short(line)}</text></g>)}
          {series.map((each) => each.points.length > 1 && (
            <g key={each.name}>
              {each.area && <path className="area" d={`${path(each.points)}L${x(each.points.at(-1)?.x ?? end)} ${y(0)}L${x(each.points[0]?.x ?? begin)} ${y(0)}Z`} />}
              <path className={`line ${each.kind}`} d={path(each.points)} />
            </g>
          ))}
          {limit && <><path className="limit" d={`M${left} ${y(limit.y)}H${pixels}`} /><text className="limit-name" x={pixels - 4} y={y(limit.y) - 5 < 10 ? y(limit.y) + 13 : y(limit.y) - 5} textAnchor="end">{limit.name}</text></>}
          {(pixels < 420 ? [0, 0.4] : [0, 0.25, 0.5, 0.75]).map((part) => <text key={part} x={x(begin + (end - begin) * part)} y={height - 4}>{span(begin + (end - begin) * part)}</text>)}
          <text x={pixels - 4} y={height - 4} textAnchor="end">{span(end)}</text>
        </svg>
      )}
      <details className="behind">
        <summary>The numbers</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label={`The numbers: ${label}`}>
          <table>
            <thead><tr><th>After</th>{series.map((each) => <th key={each.name} className="number">{each.name}, {unit}</th>)}</tr></thead>
            <tbody>{thin(series[0]?.points ?? [], 60).map((point) => <tr key={point.x}><td>{span(point.x)}</td>{series.map((each) => <td key={each.name} className="number">{count(each.points.find((other) => other.x === point.x)?.y)}</td>)}</tr>)}</tbody>
          </table>
        </div>
      </details>
    </div>
  );
}
