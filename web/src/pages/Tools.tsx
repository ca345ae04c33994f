// What is connected: destinations that are written to, and sources that are read.
import { useMutation } from "@tanstack/react-query";
import { PlugZap, Plus } from "lucide-react";
import { Link } from "wouter";
import { answer, api, type Destination, type Source } from "../api/client";
import { useDestinations, useSources } from "../api/questions";
import { Asked, Button, ButtonLink, Empty, Section, ShapeMark } from "../design/parts";
import { useMay } from "../frame/may";
import { span } from "../words/times";
import { plural } from "../words/numbers";
import { ToolTabs } from "./ToolTabs";
import "./tools.css";

export function ToolsPage() {
  const destinations = useDestinations();
  const sources = useSources();
  const may = useMay();
  return (
    <div className="stack wide">
      <h1>Tools</h1>
      <ToolTabs here="/tools" />
      <Section title="Destinations" more={may("edit") && <ButtonLink kind="primary" icon={Plus} href="/tools/connect/destination">Connect a destination</ButtonLink>}>
        <Asked of={destinations}>
          {(all) => all.length === 0 ? <Empty title="No destination yet" action={may("edit") && <ButtonLink href="/tools/connect/destination">Connect the first</ButtonLink>}>A destination is an account of a tool that is written to: a CRM, a support desk, a chat.</Empty>
            : <ul className="tools">{all.map((each) => <DestinationCard key={each.name} destination={each} />)}</ul>}
        </Asked>
      </Section>
      <Section title="Sources" more={may("edit") && <ButtonLink icon={Plus} href="/tools/connect/source">Connect a source</ButtonLink>}>
        <Asked of={sources}>
          {(all) => all.length === 0 ? <Empty title="No source yet" action={may("edit") && <ButtonLink href="/tools/connect/source">Connect a warehouse</ButtonLink>}>A source is a warehouse or database that is read: PostgreSQL, DuckDB, or files where they lie.</Empty>
            : <ul className="tools">{all.map((each) => <SourceCard key={each.name} source={each} />)}</ul>}
        </Asked>
      </Section>
    </div>
  );
}

export function Test({ kind, name }: { kind: "sources" | "destinations"; name: string }) {
  const may = useMay();
  const check = useMutation({ mutationFn: () => (kind === "sources" ? answer(api.POST("/sources/{name}/check", { params: { path: { name } } })) : answer(api.POST("/destinations/{name}/check", { params: { path: { name } } }))) });
  if (!may("run")) return null;
  return (
    <div className="stack test">
      <div><Button icon={PlugZap} busy={check.isPending} onClick={() => check.mutate()}>Test</Button></div>
      <div role="status">
        {check.data && <p className={`row tone-${check.data.ok ? "good" : "bad"} toned`}><ShapeMark shape={check.data.ok ? "check" : "cross"} tone={check.data.ok ? "good" : "bad"} /> {check.data.message ?? (check.data.ok ? "It answers" : "It does not answer")}{check.data.seconds !== undefined && <span className="faint small">{span(check.data.seconds)}</span>}</p>}
        {check.data?.remedy && <p>{check.data.remedy}</p>}
        {check.error && <p className="tone-bad toned">{check.error.message}</p>}
      </div>
    </div>
  );
}

const DestinationCard = ({ destination }: { destination: Destination }) => (
  <li className="panel padded tool" id={destination.name}>
    <div className="row apart"><h3>{destination.name}</h3><Link href={`/tools/catalogue/${encodeURIComponent(destination.type)}`} className="small">{destination.title ?? destination.type}</Link></div>
    {destination.description && <p className="soft">{destination.description}</p>}
    <p className="small soft">{destination.syncs?.length ? <Link href={`/syncs?destination=${encodeURIComponent(destination.name)}`}>{plural(destination.syncs.length, "sync")}</Link> : "no sync"}{destination.rate_share !== undefined && destination.rate_share < 1 && `, takes ${Math.round(destination.rate_share * 100)} % of its limits`}{destination.file && <>, <Link href={`/files/${destination.file}`} className="mono">{destination.file}</Link></>}</p>
    <Test kind="destinations" name={destination.name} />
  </li>
);

const SourceCard = ({ source }: { source: Source }) => (
  <li className="panel padded tool">
    <div className="row apart"><h3>{source.name}</h3><span className="small soft">{source.type}</span></div>
    {source.description && <p className="soft">{source.description}</p>}
    <p className="small soft">{plural(source.models?.length ?? 0, "model")}{source.file && <>, <Link href={`/files/${source.file}`} className="mono">{source.file}</Link></>}</p>
    <Test kind="sources" name={source.name} />
  </li>
);
