import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, api, Problem, type Session } from "../api/client";
import { Button, Labeled, Trouble } from "../design/parts";

export function Login({ session }: { session?: Session }) {
  const project = session?.project;
  const cache = useQueryClient();
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const login = useMutation({
    mutationFn: () => answer(api.POST("/session", { body: { user, password } })),
    onSuccess: (session) => cache.setQueryData(["session"], session),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <main className="login">
      <form onSubmit={submit} className="panel padded stack">
        <div className="brand"><img src="/icon.svg" width="32" height="32" alt="" /><h1>Penstock</h1></div>
        {project && <p className="soft">Log in to the project <b>{project}</b>.</p>}
        {login.error && <Trouble error={login.error} />}
        {session?.trouble && !login.error && <Trouble error={new Problem(session.trouble, 401)} />}
        {session?.provider && <a className="button plain" href={`/api/v1/session/provider?next=${encodeURIComponent(location.pathname + location.search)}`}>Log in with {session.provider.name}</a>}
        <Labeled label="Name">{(ids) => <input {...ids} value={user} onChange={(event) => setUser(event.target.value)} autoComplete="username" autoFocus required />}</Labeled>
        <Labeled label="Password">{(ids) => <input {...ids} type="password" value={password} onChange={(event) => setPassword(event.target.value)} autoComplete="current-password" required />}</Labeled>
        <Button kind="primary" type="submit" busy={login.isPending}>Log in</Button>
        <p className="small faint">Forgotten? An admin sets a new password under Settings → Users, or on the server with <code>penstock user</code>.</p>
      </form>
    </main>
  );
}
