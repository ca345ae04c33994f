// Connecting a tool or a warehouse: choose the kind, fill in what its declaration asks for, test it with a real answer.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Save } from "lucide-react";
import { type FormEvent, useMemo, useState } from "react";
import { Link, useParams } from "wouter";
import { answer, api, type Setting } from "../api/client";
import { useConnector, useConnectors, useDestinations, useSources } from "../api/questions";
import { Code } from "../design/Code";
import { Asked, Button, ButtonLink, Labeled, Said, Section, Trouble } from "../design/parts";
import { Test } from "../pages/Tools";
import { useFilters } from "../table/filters";
import { useValidation } from "./checks";
import { type Answers, fileOf, kindsOf, missing } from "./connect";
import "../pages/tools.css";
import "./edit.css";

export function ConnectPage() {
  const { kind = "destination", type } = useParams<{ kind: string; type?: string }>();
  if (kind === "source") return <Sources type={type && decodeURIComponent(type)} />;
  return type ? <DestinationForm type={decodeURIComponent(type)} /> : <ChooseDestination />;
}

function ChooseDestination() {
  const connectors = useConnectors();
  const { get, set } = useFilters();
  const search = get("q").toLowerCase();
  return (
    <div className="stack wide">
      <h1>Connect a destination</h1>
      <Asked of={connectors}>{(all) => (
        <div className="stack">
          <div className="filters" role="search"><input type="search" aria-label="Search the tools" placeholder="Which tool?" value={get("q")} onChange={(event) => set({ q: event.target.value })} /></div>
          <Kinds kind="destination" all={all.filter((each) => `${each.title} ${each.name}`.toLowerCase().includes(search)).map((each) => ({ type: each.name, title: each.title, help: each.help ?? "" }))} />
        </div>
      )}</Asked>
    </div>
  );
}

const Kinds = ({ kind, all }: { kind: string; all: { type: string; title: string; help: string }[] }) => (
  <ul className="catalogue">{all.map((each) => <li key={each.type}><Link className="panel" href={`/tools/connect/${kind}/${encodeURIComponent(each.type)}`}><b>{each.title}</b><span className="soft small"><Said text={each.help} /></span></Link></li>)}</ul>
);

function Sources({ type }: { type?: string }) {
  const schema = useQuery({ queryKey: ["schema", "source"], staleTime: Infinity, queryFn: ({ signal }) => answer(api.GET("/schemas/{kind}", { signal, params: { path: { kind: "source" } } })) });
  const taken = useSources().data?.map((each) => each.name) ?? [];
  return (
    <Asked of={schema}>{(found) => {
      const kinds = kindsOf(found);
      const kind = kinds.find((each) => each.type === type);
      if (!kind) return <div className="stack wide"><h1>Connect a source</h1><Kinds kind="source" all={kinds.map((each) => ({ ...each, title: each.type }))} /></div>;
      return <Form kind="source" type={kind.type} title={kind.type} help={kind.help} settings={kind.settings} taken={taken} usual="warehouse" />;
    }}</Asked>
  );
}

function DestinationForm({ type }: { type: string }) {
  const connector = useConnector(type);
  const taken = useDestinations().data?.map((each) => each.name) ?? [];
  return <Asked of={connector}>{(found) => <Form kind="destination" type={found.name} title={found.title} help={found.help} settings={found.settings} taken={taken} usual={found.name} page={`/tools/catalogue/${encodeURIComponent(found.name)}`} />}</Asked>;
}

/** The usual name, or with a number behind it where that one is taken. */
function freeName(usual: string, taken: string[]) {
  let name = usual;
  for (let number = 2; taken.includes(name); number += 1) name = `${usual}_${number}`;
  return name;
}

function Form({ kind, type, title, help, settings, taken, usual, page }: { kind: "source" | "destination"; type: string; title: string; help?: string; settings: Setting[]; taken: string[]; usual: string; page?: string }) {
  const cache = useQueryClient();
  const [typed, setName] = useState<string>();
  const name = typed ?? freeName(usual, taken);
  const [answers, setAnswers] = useState<Answers>({});
  const [tried, setTried] = useState(false);
  const path = `${kind}s/${name}.yaml`;
  const file = useMemo(() => fileOf(name, type, settings, answers), [name, type, settings, answers]);
  const lacking = missing(settings, answers);
  const { diagnostics } = useValidation(useMemo(() => (lacking.length || taken.includes(name) ? [] : [{ path, text: file.yaml }]), [lacking.length, path, file.yaml, name, taken]));
  // A secret is set together with the file: until then the check does not find it.
  const begun = tried || Object.values(answers).some(Boolean); // nobody is told what they have not come to yet
  const mine = diagnostics.filter((each) => begun && each.file === path && !file.secrets.some((secret) => each.message.includes(secret.name)));
  const save = useMutation({
    mutationFn: async () => {
      for (const secret of file.secrets) await answer(api.PUT("/secrets/{name}", { params: { path: { name: secret.name } }, body: { value: secret.value } }));
      return answer(api.POST("/files/commit", { body: { edits: [{ path, text: file.yaml }], message: `Connect ${name} (${title})` } }));
    },
    onSuccess: () => {
      setAnswers((old) => Object.fromEntries(Object.entries(old).map(([key, value]) => [key, settings.find((each) => each.name === key)?.secret ? "" : value]))); // what is secret does not stay on the page
      void cache.invalidateQueries();
    },
  });
  const nameError = !/^[A-Za-z][A-Za-z0-9_-]*$/.test(name) ? "Letters, digits, _ and -, and a letter first" : taken.includes(name) && !save.isSuccess ? `There is a ${kind} of this name` : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setName(name); // it stays what it is when it is taken: by this very one
    if (!nameError && !lacking.length) save.mutate();
  };
  if (save.isSuccess) {
    return (
      <div className="stack wide">
        <h1>{name} is connected</h1>
        <p className="soft">Its file is <Link href={`/files/${path}`} className="mono">{path}</Link>. See whether it answers:</p>
        <Test kind={kind === "source" ? "sources" : "destinations"} name={name} />
        <div className="row">{kind === "source" ? <ButtonLink kind="primary" href="/models/new">Write a model on it</ButtonLink> : <ButtonLink kind="primary" href={`/syncs/new?destination=${encodeURIComponent(name)}`}>New sync to it</ButtonLink>}<ButtonLink href="/tools">All tools</ButtonLink></div>
      </div>
    );
  }
  return (
    <form className="stack wide" onSubmit={submit} autoComplete="off">
      <header className="page-head">
        <div className="stack sync-title"><h1>Connect {title}</h1>{help && <p className="soft prose"><Said text={help.split("\n")[0]} /></p>}{page && <Link href={page} className="small">How to get what is asked for</Link>}</div>
        <Button kind="primary" type="submit" icon={Save} busy={save.isPending}>Save</Button>
      </header>
      <div className="editor">
        <div className="stack wide editor-form">
          <Labeled label="Name" error={nameError} help="What syncs and models call it.">{(ids) => <input {...ids} value={name} onChange={(event) => setName(event.target.value)} />}</Labeled>
          {settings.map((setting) => (
            <SettingField key={setting.name} setting={setting} value={answers[setting.name] ?? ""} onChange={(value) => setAnswers({ ...answers, [setting.name]: value })} error={tried && lacking.includes(setting.name) ? "It is required" : mine.find((each) => each.line && file.yaml.split("\n")[each.line - 1]?.startsWith(`${setting.name}:`))?.message} />
          ))}
          {mine.filter((each) => !each.line || !settings.some((setting) => file.yaml.split("\n")[(each.line ?? 1) - 1]?.startsWith(`${setting.name}:`))).map((each, index) => <p key={index} className="field-error">{each.message} {each.hint}</p>)}
          {save.error && <Trouble error={save.error} />}
        </div>
        <aside className="editor-yaml"><Section title={<span className="mono small">{path}</span>}><Code text={file.yaml} language="yaml" label={path} /><p className="small soft">{file.secrets.length ? "What is secret goes to the server's store, encrypted, and can never be read back here. The file only names it." : "Nothing secret stands in the file."}</p></Section></aside>
      </div>
    </form>
  );
}

function SettingField({ setting, value, onChange, error }: { setting: Setting; value: string; onChange: (value: string) => void; error?: string }) {
  const usual = setting.default === undefined || setting.default === null ? "" : String(setting.default);
  return (
    <Labeled label={setting.name} required={setting.required} error={error} help={<><Said text={setting.help} />{setting.secret && <> Write-only. Or refer to it: <code>{"${env:NAME}"}</code>.</>}</>}>
      {(ids) => setting.choices?.length
        ? <select {...ids} value={value || usual} onChange={(event) => onChange(event.target.value)}>{!usual && <option value="">–</option>}{setting.choices.map((choice) => <option key={choice}>{choice}</option>)}</select>
        : setting.type === "boolean"
          ? <select {...ids} value={value || usual || "false"} onChange={(event) => onChange(event.target.value)}><option value="false">no</option><option value="true">yes</option></select>
          : <input {...ids} type={setting.secret ? "password" : "text"} autoComplete={setting.secret ? "new-password" : "off"} spellCheck={false} value={value} placeholder={setting.secret ? "" : usual || setting.example} onChange={(event) => onChange(event.target.value)} />}
    </Labeled>
  );
}
