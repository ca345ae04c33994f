// Users, tokens and secrets. What is secret is shown once, or never.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { answer, api, type Role } from "../../api/client";
import { useSession } from "../../api/questions";
import { Ago, Asked, Button, CommandLine, Dialog, Empty, Labeled, Trouble, Wide } from "../../design/parts";
import { say, sayProblem } from "../../frame/toasts";

const roles: [Role, string][] = [["viewer", "sees everything but secrets"], ["editor", "also runs, approves and edits"], ["admin", "also users, tokens and secrets"]];
const RoleChoice = ({ value, onChange, label = "Role" }: { value: Role; onChange: (role: Role) => void; label?: string }) => (
  <Labeled label={label} help={roles.find(([role]) => role === value)?.[1]}>{(ids) => <select {...ids} value={value} onChange={(event) => onChange(event.target.value as Role)}>{roles.map(([role]) => <option key={role}>{role}</option>)}</select>}</Labeled>
);

function Table({ label, head, children }: { label: string; head: string[]; children: ReactNode }) {
  return <Wide label={label}><table className="plain-table"><thead><tr>{head.map((title, index) => <th key={title + index} scope="col">{title || <span className="unseen">Actions</span>}</th>)}</tr></thead><tbody>{children}</tbody></table></Wide>;
}

/** Asks before something is taken away. */
function Remove({ what, says, remove }: { what: string; says: string; remove: () => Promise<unknown> }) {
  const [asking, setAsking] = useState(false);
  const cache = useQueryClient();
  const run = useMutation({ mutationFn: remove, onSuccess: () => { setAsking(false); say(`${what} is removed`); void cache.invalidateQueries(); } });
  return (
    <>
      <Button kind="quiet" onClick={() => setAsking(true)}>Remove<span className="unseen"> {what}</span></Button>
      {asking && <Dialog title={`Remove ${what}`} onClose={() => setAsking(false)} actions={<><Button kind="quiet" onClick={() => setAsking(false)}>Keep</Button><Button kind="danger" busy={run.isPending} onClick={() => run.mutate()}>Remove</Button></>}><p>{says}</p>{run.error && <Trouble error={run.error} />}</Dialog>}
    </>
  );
}

export function UsersTab() {
  const users = useQuery({ queryKey: ["users"], queryFn: ({ signal }) => answer(api.GET("/users", { signal })) });
  const me = useSession().data?.user;
  const cache = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [password, setPassword] = useState<string>();
  const change = useMutation({ mutationFn: ({ name, role }: { name: string; role: Role }) => answer(api.PATCH("/users/{name}", { params: { path: { name } }, body: { role } })), onSuccess: () => cache.invalidateQueries({ queryKey: ["users"] }), onError: sayProblem });
  return (
    <div className="stack">
      <div><Button kind="primary" icon={Plus} onClick={() => setAdding(true)}>Add a user</Button></div>
      <Asked of={users}>{(all) => all.length === 0 ? <Empty title="No users" >On this machine everybody is an admin as long as there are none. Once the first user is added, people log in; add an admin first.</Empty> : (
        <Table label="Users" head={["Name", "Role", "Added", "Last login", ""]}>
          {all.map((user) => (
            <tr key={user.name}>
              <th scope="row">{user.name}{user.name === me && <span className="faint"> (you)</span>}</th>
              <td><select aria-label={`Role of ${user.name}`} value={user.role} onChange={(event) => change.mutate({ name: user.name, role: event.target.value as Role })}>{roles.map(([role]) => <option key={role}>{role}</option>)}</select></td>
              <td className="soft"><Ago at={user.added} none="" /></td><td className="soft"><Ago at={user.last_login} /></td>
              <td className="number"><Button kind="quiet" onClick={() => setPassword(user.name)}>New password<span className="unseen"> for {user.name}</span></Button><Remove what={user.name} says="All sessions of this user end at once. What the user did stays in the audit log." remove={() => answer(api.DELETE("/users/{name}", { params: { path: { name: user.name } } }))} /></td>
            </tr>
          ))}
        </Table>
      )}</Asked>
      {adding && <AddUser first={users.data?.length === 0} onClose={() => setAdding(false)} />}
      {password && <NewPassword name={password} onClose={() => setPassword(undefined)} />}
    </div>
  );
}

function AddUser({ first, onClose }: { first: boolean; onClose: () => void }) {
  const cache = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(first ? "admin" : "viewer");
  const [password, setPassword] = useState("");
  const add = useMutation({ mutationFn: () => answer(api.POST("/users", { body: { name, role, password } })), onSuccess: () => { say(`${name} is added`); onClose(); void cache.invalidateQueries(); } });
  const submit = (event: FormEvent) => { event.preventDefault(); add.mutate(); };
  return (
    <Dialog title="Add a user" onClose={onClose}>
      <form onSubmit={submit} className="stack" autoComplete="off">
        <Labeled label="Name">{(ids) => <input {...ids} required value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" />}</Labeled>
        <RoleChoice value={role} onChange={setRole} />
        <Labeled label="First password" help="Tell it by another way than this page.">{(ids) => <input {...ids} required type="password" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />}</Labeled>
        {add.error && <Trouble error={add.error} />}
        <div className="dialog-actions"><Button kind="quiet" onClick={onClose}>Leave it</Button><Button kind="primary" type="submit" busy={add.isPending}>Add</Button></div>
      </form>
    </Dialog>
  );
}

function NewPassword({ name, onClose }: { name: string; onClose: () => void }) {
  const [password, setPassword] = useState("");
  const change = useMutation({ mutationFn: () => answer(api.PATCH("/users/{name}", { params: { path: { name } }, body: { password } })), onSuccess: () => { say(`${name} has a new password`); onClose(); } });
  return (
    <Dialog title={`New password for ${name}`} onClose={onClose}>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); change.mutate(); }}>
        <Labeled label="Password">{(ids) => <input {...ids} required type="password" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />}</Labeled>
        {change.error && <Trouble error={change.error} />}
        <div className="dialog-actions"><Button kind="quiet" onClick={onClose}>Leave it</Button><Button kind="primary" type="submit" busy={change.isPending}>Set</Button></div>
      </form>
    </Dialog>
  );
}

export function TokensTab() {
  const tokens = useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => answer(api.GET("/tokens", { signal })) });
  const cache = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("90");
  const add = useMutation({ mutationFn: () => answer(api.POST("/tokens", { body: { name, role, ...(days ? { expires_in_days: Number(days) } : {}) } })), onSuccess: () => cache.invalidateQueries({ queryKey: ["tokens"] }) });
  const close = () => { setAdding(false); setName(""); add.reset(); };
  return (
    <div className="stack">
      <div><Button kind="primary" icon={Plus} onClick={() => setAdding(true)}>New token</Button></div>
      <Asked of={tokens}>{(all) => all.length === 0 ? <Empty title="No tokens" example="curl -H 'Authorization: Bearer pst_…' http://127.0.0.1:7070/api/v1/syncs">A token lets a program in: CI that starts a run, a script that reads how things stand.</Empty> : (
        <Table label="Tokens" head={["Name", "Role", "Added", "Ends", "Last used", ""]}>
          {all.map((token) => <tr key={token.name}><th scope="row">{token.name}</th><td>{token.role}</td><td className="soft"><Ago at={token.added} none="" /></td><td className="soft"><Ago at={token.expires} none="never" /></td><td className="soft"><Ago at={token.last_used} /></td><td className="number"><Remove what={token.name} says="Programs that use this token are let in no more, at once." remove={() => answer(api.DELETE("/tokens/{name}", { params: { path: { name: token.name } } }))} /></td></tr>)}
        </Table>
      )}</Asked>
      {adding && (
        <Dialog title={add.data ? `The token ${add.data.name}` : "New token"} onClose={close}>
          {add.data ? <><p>Copy it now: it is shown this once, and kept nowhere.</p><CommandLine text={add.data.token} /><div className="dialog-actions"><Button kind="primary" onClick={close}>I have it</Button></div></> : (
            <form className="stack" onSubmit={(event) => { event.preventDefault(); add.mutate(); }}>
              <Labeled label="Name" help="What uses it.">{(ids) => <input {...ids} required value={name} onChange={(event) => setName(event.target.value)} />}</Labeled>
              <RoleChoice value={role} onChange={setRole} />
              <Labeled label="Days until it ends" help="Empty: it does not end by itself.">{(ids) => <input {...ids} type="number" min={1} max={3650} value={days} onChange={(event) => setDays(event.target.value)} />}</Labeled>
              {add.error && <Trouble error={add.error} />}
              <div className="dialog-actions"><Button kind="quiet" onClick={close}>Leave it</Button><Button kind="primary" type="submit" busy={add.isPending}>Make it</Button></div>
            </form>
          )}
        </Dialog>
      )}
    </div>
  );
}

export function SecretsTab() {
  const secrets = useQuery({ queryKey: ["secrets"], queryFn: ({ signal }) => answer(api.GET("/secrets", { signal })) });
  const cache = useQueryClient();
  const [setting, setSetting] = useState<string>();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const set = useMutation({ mutationFn: () => answer(api.PUT("/secrets/{name}", { params: { path: { name } }, body: { value } })), onSuccess: () => { say(`${name} is set`); close(); void cache.invalidateQueries({ queryKey: ["secrets"] }); } });
  const close = () => { setSetting(undefined); setValue(""); };
  const open = (of: string) => { setName(of); setSetting(of); set.reset(); };
  return (
    <div className="stack">
      <div><Button kind="primary" icon={Plus} onClick={() => open("")}>New secret</Button></div>
      <p className="soft prose">Files name a secret as <code>{"${secret:NAME}"}</code>. It can be replaced and removed, and never read.</p>
      <Asked of={secrets}>{(all) => all.length === 0 ? <Empty title="No secrets" example="penstock secret set crm_token">Tokens and passwords of tools and warehouses are kept here, encrypted, so that they stand in no file.</Empty> : (
        <Table label="Secrets" head={["Name", "Set", ""]}>
          {all.map((secret) => <tr key={secret.name}><th scope="row"><code>{secret.name}</code></th><td className="soft"><Ago at={secret.set_at} none="" /></td><td className="number"><Button kind="quiet" onClick={() => open(secret.name)}>Replace<span className="unseen"> {secret.name}</span></Button><Remove what={secret.name} says="Syncs whose files name it stop with an error until it is set again." remove={() => answer(api.DELETE("/secrets/{name}", { params: { path: { name: secret.name } } }))} /></td></tr>)}
        </Table>
      )}</Asked>
      {setting !== undefined && (
        <Dialog title={setting ? `Replace ${setting}` : "New secret"} onClose={close}>
          <form className="stack" autoComplete="off" onSubmit={(event) => { event.preventDefault(); set.mutate(); }}>
            {!setting && <Labeled label="Name">{(ids) => <input {...ids} required pattern="[A-Za-z][A-Za-z0-9_\-]*" value={name} onChange={(event) => setName(event.target.value)} />}</Labeled>}
            <Labeled label="Value" help="It leaves this page once, and does not come back.">{(ids) => <input {...ids} required type="password" autoComplete="new-password" value={value} onChange={(event) => setValue(event.target.value)} />}</Labeled>
            {set.error && <Trouble error={set.error} />}
            <div className="dialog-actions"><Button kind="quiet" onClick={close}>Leave it</Button><Button kind="primary" type="submit" busy={set.isPending}>Set</Button></div>
          </form>
        </Dialog>
      )}
    </div>
  );
}
