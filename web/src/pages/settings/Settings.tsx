// The project, and who may do what.
import { useParams } from "wouter";
import { useProject, useSession } from "../../api/questions";
import { Ago, Asked, Section, TabLinks } from "../../design/parts";
import { useMay } from "../../frame/may";
import { setTheme, type Theme, useTheme } from "../../frame/theme";
import { AuditTab } from "./Audit";
import { SecretsTab, TokensTab, UsersTab } from "./Access";
import "../tools.css";

export function SettingsPage() {
  const { tab = "" } = useParams<{ tab?: string }>();
  const may = useMay();
  const tabs = [{ href: "/settings", title: "General" }, ...(may("administer") ? [{ href: "/settings/users", title: "Users" }, { href: "/settings/tokens", title: "Tokens" }, { href: "/settings/secrets", title: "Secrets" }, { href: "/settings/audit", title: "Audit log" }] : [])];
  return (
    <div className="stack wide">
      <h1>Settings</h1>
      <TabLinks label="Settings" here={tab ? `/settings/${tab}` : "/settings"} tabs={tabs} />
      {tab === "" && <General />}
      {tab !== "" && !may("administer") && <p className="soft">Only admins see this. Your role is told under General.</p>}
      {tab === "users" && may("administer") && <UsersTab />}
      {tab === "tokens" && may("administer") && <TokensTab />}
      {tab === "secrets" && may("administer") && <SecretsTab />}
      {tab === "audit" && may("administer") && <AuditTab />}
    </div>
  );
}

function General() {
  const project = useProject();
  const session = useSession().data;
  const theme = useTheme();
  return (
    <>
      <Section title="Project">
        <Asked of={project}>{(found) => (
          <dl className="facts">
            <dt>Name</dt><dd>{found.name}</dd>
            {found.description && <><dt>What it is</dt><dd>{found.description}</dd></>}
            <dt>Penstock</dt><dd>{found.version}</dd>
            <dt>Running</dt><dd>since <Ago at={found.started} /></dd>
            <dt>Files read</dt><dd><Ago at={found.loaded} /></dd>
            <dt>You</dt><dd>{session?.user ?? "nobody in particular: there are no users, and the server listens on this machine only"}{session?.role && <span className="soft">, {session.role}</span>}</dd>
          </dl>
        )}</Asked>
      </Section>
      <Section title="On this device">
        <fieldset className="bare theme-choice"><legend className="soft">Colours</legend>{(["auto", "light", "dark"] as Theme[]).map((each) => <label key={each} className="check"><input type="radio" name="theme" checked={theme === each} onChange={() => setTheme(each)} />{each === "auto" ? "as the system" : each}</label>)}</fieldset>
        <p className="soft">Times are in your zone: {Intl.DateTimeFormat().resolvedOptions().timeZone}.</p>
      </Section>
    </>
  );
}
