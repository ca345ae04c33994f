// The project's repository: how it stands, what came when, its files.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowDownToLine, ArrowUpFromLine } from "lucide-react";
import { Link } from "wouter";
import { answer, api, type Git } from "../api/client";
import { useGit, useProject } from "../api/questions";
import { Ago, Asked, Button, CommandLine, Empty, Section, ShapeMark } from "../design/parts";
import { useMay } from "../frame/may";
import { say, sayProblem } from "../frame/toasts";
import { plural } from "../words/numbers";
import type { Shape, Tone } from "../words/status";
import { CommitList } from "./CommitList";

export function GitPage() {
  const git = useGit();
  const log = useQuery({ queryKey: ["git-log"], queryFn: ({ signal }) => answer(api.GET("/git/log", { signal, params: { query: { limit: 100 } } })) });
  const files = useQuery({ queryKey: ["files"], queryFn: ({ signal }) => answer(api.GET("/files", { signal })) });
  return (
    <div className="stack wide">
      <Asked of={git}>{(found) => <State git={found} />}</Asked>
      {git.data?.repository && <Section title="Commits"><Asked of={log}>{(commits) => (commits.length ? <CommitList commits={commits} /> : <p className="soft">No commit yet.</p>)}</Asked></Section>}
      <Section title="Files of the project">
        <Asked of={files}>{(all) => <ul className="panel lines columns">{all.map((file) => <li key={file.path}><Link href={`/files/${file.path}`} className="mono">{file.path}</Link><span className="faint small">{file.kind}</span></li>)}</ul>}</Asked>
      </Section>
    </div>
  );
}

const states: Record<string, { says: (git: Git) => string; tone: Tone; shape: Shape }> = {
  clean: { says: (git) => (git.remote ? "All is committed, pushed and taken over." : "All is committed. There is no remote."), tone: "good", shape: "check" },
  changed: { says: (git) => `${plural(git.changed_files?.length ?? 1, "file")} changed outside, and not committed.`, tone: "warn", shape: "half" },
  unpushed: { says: (git) => `${plural(git.unpushed ?? 1, "commit")} not pushed yet.`, tone: "warn", shape: "half" },
  behind: { says: (git) => `${plural(git.behind ?? 1, "commit")} to take over from the remote.`, tone: "warn", shape: "clock" },
  diverged: { says: () => "The remote and this project went different ways. Pulling puts our commits on top, if they do not touch the same lines.", tone: "bad", shape: "broken" },
  refused: { says: () => "The last pull was refused: it would have made the project invalid. The older files stay in effect.", tone: "bad", shape: "cross" },
};

function State({ git }: { git: Git }) {
  const cache = useQueryClient();
  const may = useMay();
  const project = useProject().data;
  const after = (what: string) => (now: Git) => {
    cache.setQueryData(["git"], now);
    void cache.invalidateQueries();
    say(what);
  };
  const pull = useMutation({ mutationFn: () => answer(api.POST("/git/pull")), onSuccess: after("Pulled"), onError: sayProblem });
  const push = useMutation({ mutationFn: () => answer(api.POST("/git/push")), onSuccess: after("Pushed"), onError: sayProblem });
  if (!git.repository) return <><h1>Git</h1><Empty title="The project is not in git" example={"git init && git add . && git commit -m 'The project'"}>In git every change has an author, a reason and a way back, here as in the files. Edits made here become commits.</Empty></>;
  const state = states[git.state ?? "clean"] ?? states.clean;
  return (
    <>
      <header className="page-head">
        <div className="stack sync-title">
          <h1>{git.branch ?? "Git"} <code className="faint small">{git.revision?.slice(0, 10)}</code></h1>
          <p className={`row tone-${state?.tone} toned`}><ShapeMark shape={state?.shape ?? "check"} tone={state?.tone ?? "good"} /> {state?.says(git)}</p>
          <p className="small soft">{git.remote && <><code>{git.remote}</code>, pulled <Ago at={git.pulled} />. </>}{project?.loaded && <>Files were read <Ago at={project.loaded} />.</>}</p>
        </div>
        {may("edit") && git.remote && (
          <div className="row">
            <Button icon={ArrowDownToLine} busy={pull.isPending} onClick={() => pull.mutate()}>Pull</Button>
            <Button icon={ArrowUpFromLine} kind={git.unpushed ? "primary" : "plain"} busy={push.isPending} onClick={() => push.mutate()}>Push</Button>
          </div>
        )}
      </header>
      {git.refused && <div className="trouble" role="alert"><div className="stack"><strong>{git.refused}</strong><p>Mend it on the remote and pull again, or here:</p><CommandLine text="git pull && penstock check" /></div></div>}
      {git.changed_files && git.changed_files.length > 0 && <div className="notice warn"><span className="row">{git.changed_files.map((file) => <code key={file}>{file}</code>)}</span></div>}
    </>
  );
}
