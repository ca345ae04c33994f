import { useMutation, useQuery } from "@tanstack/react-query";
import { Send } from "lucide-react";
import { Fragment } from "react";
import { Link } from "wouter";
import { answer, api } from "../api/client";
import { Code } from "../design/Code";
import { Asked, Button, Chip, Empty, ShapeMark } from "../design/parts";
import { useMay } from "../frame/may";
import { plural } from "../words/numbers";
import "./tools.css";

const EXAMPLE = `# alerts/ops.yaml
type: slack
url: \${secret:slack_hook}
on: [failed, stopped, late]
`;

const SYNCS = 12; // that are named, of a thousand
export function AlertsPage() {
  const alerts = useQuery({ queryKey: ["alerts"], queryFn: ({ signal }) => answer(api.GET("/alerts", { signal })) });
  return (
    <div className="stack wide">
      <h1>Alerts</h1>
      <Asked of={alerts}>
        {(all) => all.length === 0
          ? <><Empty title="Nobody is told yet">An alert says who hears of what: a channel, a pager, an address. Each outage is told once, and once more when it is over. Alerts are files like all else:</Empty><Code text={EXAMPLE} language="yaml" label="an alert" /></>
          : (
            <ul className="tools">
              {all.map((alert) => (
                <li key={alert.name} className="panel padded tool">
                  <div className="row apart"><h2>{alert.name}</h2><span className="small soft">{alert.type}</span></div>
                  {alert.description && <p className="soft">{alert.description}</p>}
                  <p className="row"><span className="soft">told of</span> {alert.on.map((what) => <Chip key={what}>{what}</Chip>)}</p>
                  {alert.syncs && alert.syncs.length > 0 && <p className="small soft">for {alert.syncs.slice(0, SYNCS).map((sync, index) => <Fragment key={sync}>{index > 0 && ", "}{sync === "*" ? "every sync" : <Link href={`/syncs/${encodeURIComponent(sync)}`}>{sync}</Link>}</Fragment>)}{alert.syncs.length > SYNCS && ` and ${plural(alert.syncs.length - SYNCS, "other")}`}</p>}
                  {alert.open ? <p className="row tone-warn toned"><ShapeMark shape="half" tone="warn" />{plural(alert.open, "outage")} told and not over</p> : <p className="row tone-good toned"><ShapeMark shape="check" tone="good" />nothing is open</p>}
                  {alert.file && <Link href={`/files/${alert.file}`} className="mono small">{alert.file}</Link>}
                  <TestAlert name={alert.name} />
                </li>
              ))}
            </ul>
          )}
      </Asked>
    </div>
  );
}

function TestAlert({ name }: { name: string }) {
  const may = useMay();
  const test = useMutation({ mutationFn: () => answer(api.POST("/alerts/{name}/test", { params: { path: { name } } })) });
  if (!may("run")) return null;
  return (
    <div className="stack test">
      <div><Button icon={Send} busy={test.isPending} onClick={() => test.mutate()}>Send a test</Button></div>
      <div role="status">
        {test.data && <p className={`tone-${test.data.ok ? "good" : "bad"} toned`}>{test.data.message ?? (test.data.ok ? "Sent" : "It was not taken")} {test.data.remedy}</p>}
        {test.error && <p className="tone-bad toned">{test.error.message}</p>}
      </div>
    </div>
  );
}
