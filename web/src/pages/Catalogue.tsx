// The connectors: what each can do, from its declaration.
import { PlugZap } from "lucide-react";
import { Link, useParams } from "wouter";
import { useConnector, useConnectors } from "../api/questions";
import { Markdown } from "../design/Markdown";
import { Asked, ButtonLink, Chip, Empty, Said, Section, Wide } from "../design/parts";
import { useMay } from "../frame/may";
import { useFilters } from "../table/filters";
import { count } from "../words/numbers";
import { ToolTabs } from "./ToolTabs";
import "./tools.css";

export function CataloguePage() {
  const connectors = useConnectors();
  const { get, set } = useFilters();
  const search = get("q").toLowerCase();
  return (
    <div className="stack wide">
      <h1>Tools</h1>
      <ToolTabs here="/tools/catalogue" />
      <Asked of={connectors}>
        {(all) => {
          const shown = all.filter((each) => !search || `${each.title} ${each.name} ${each.help ?? ""}`.toLowerCase().includes(search));
          return (
            <div className="stack">
              <div className="filters" role="search"><input type="search" aria-label="Search the catalogue" placeholder="Search" value={get("q")} onChange={(event) => set({ q: event.target.value })} /><span className="small faint" aria-live="polite">{count(shown.length)} connectors</span></div>
              {shown.length ? <ul className="catalogue">{shown.map((each) => <li key={each.name}><Link href={`/tools/catalogue/${encodeURIComponent(each.name)}`} className="panel"><b>{each.title} {each.own && <Chip>your own</Chip>}</b><span className="soft small"><Said text={each.help} /></span></Link></li>)}</ul>
                : <Empty title="No connector is called that" example="penstock connector list">A tool with an HTTP API is reached by the connector <code>webhook</code>, or by a declaration of your own under connectors/.</Empty>}
            </div>
          );
        }}
      </Asked>
    </div>
  );
}

/** The page as the docs have it, without what only the docs need: the file that it was made from. */
const asPage = (text: string) => text.replace(/^\*Made from .*\*\n/m, "");

export function ConnectorPage() {
  const { name = "" } = useParams<{ name: string }>();
  const connector = useConnector(decodeURIComponent(name));
  const may = useMay();
  return (
    <Asked of={connector}>
      {(found) => (
        <div className="stack wide">
          <header className="page-head">
            <div className="stack sync-title"><h1>{found.title}</h1>{found.help && !found.page && <p className="soft prose"><Said text={found.help.split("\n")[0]} /></p>}</div>
            {may("edit") && <ButtonLink kind="primary" icon={PlugZap} href={`/tools/connect/destination/${encodeURIComponent(found.name)}`}>Connect</ButtonLink>}
          </header>
          {found.page ? <Markdown text={asPage(found.page)} skipTitle /> : (
            <>
              <Section title="Objects"><ul className="panel lines">{found.objects.map((object) => <li key={object.name}><code>{object.name}</code><span className="grow">{object.title} <span className="soft"><Said text={object.help} /></span></span><span className="small faint">{object.modes?.join(", ")}</span></li>)}</ul></Section>
              <Section title="Settings"><Wide label="Settings"><table className="plain-table settings-table"><tbody>{found.settings.map((setting) => <tr key={setting.name}><th scope="row"><code>{setting.name}</code></th><td><Said text={setting.help} /></td><td className="faint">{setting.required ? "required" : setting.default !== undefined && setting.default !== null ? String(setting.default) : ""}</td></tr>)}</tbody></table></Wide></Section>
            </>
          )}
        </div>
      )}
    </Asked>
  );
}
