// Commits with what they changed.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { answer, api, type Commit } from "../api/client";
import { Diff } from "../design/Code";
import { Ago, Button, Dialog, Trouble } from "../design/parts";
import { useMay } from "../frame/may";
import { say } from "../frame/toasts";

export function CommitList({ commits, path }: { commits: readonly Commit[]; path?: string }) {
  const [back, setBack] = useState<Commit>();
  const may = useMay();
  return (
    <ol className="commits panel">
      {commits.map((commit, index) => (
        <li key={commit.revision}>
          <details open={!!path && index === 0}>
            <summary><b>{commit.message.split("\n")[0]}</b> <span className="soft">{commit.author}, <Ago at={commit.at} /></span> <code className="faint">{commit.revision.slice(0, 8)}</code></summary>
            <div className="stack">
              {!path && commit.files && <p className="row">{commit.files.map((file) => <Link key={file} href={`/files/${file}`} className="mono">{file}</Link>)}</p>}
              {commit.diff && <Diff text={commit.diff} />}
              {may("edit") && index > 0 && <div><Button icon={RotateCcw} onClick={() => setBack(commit)}>{path ? "Go back to this" : "Go back to the project as of this"}</Button></div>}
            </div>
          </details>
        </li>
      ))}
      {back && <RollBack commit={back} path={path} onClose={() => setBack(undefined)} />}
    </ol>
  );
}

function RollBack({ commit, path, onClose }: { commit: Commit; path?: string; onClose: () => void }) {
  const cache = useQueryClient();
  const roll = useMutation({
    mutationFn: () => answer(api.POST("/git/rollback", { body: { revision: commit.revision, ...(path ? { path } : {}) } })),
    onSuccess: () => {
      say(`As of ${commit.revision.slice(0, 8)} again, by a new commit`);
      onClose();
      void cache.invalidateQueries();
    },
  });
  return (
    <Dialog title="Go back" onClose={onClose} actions={<><Button kind="quiet" onClick={onClose}>Leave it</Button><Button kind="primary" busy={roll.isPending} onClick={() => roll.mutate()}>Go back by a new commit</Button></>}>
      <p>{path ? <code>{path}</code> : "All files of the project"} will be as after “{commit.message.split("\n")[0]}”. This is a new commit: nothing that came later is lost from the history.</p>
      <p className="soft">What was sent already stays sent; the next plan says what the older files would send.</p>
      {roll.error && <Trouble error={roll.error} />}
    </Dialog>
  );
}
