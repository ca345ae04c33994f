// Saving: the difference, a message, and a commit.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Diagnostic, type Edit } from "../api/client";
import { useGit } from "../api/questions";
import { Diff } from "../design/Code";
import { Button, Dialog, Labeled, Trouble } from "../design/parts";
import { say } from "../frame/toasts";
import { unified } from "./lines";

export interface Change { edit: Edit; before: string }

export function SaveDialog({ changes, suggested, diagnostics, onClose, onSaved }: {
  changes: Change[]; suggested: string; diagnostics: readonly Diagnostic[]; onClose: () => void; onSaved: () => void;
}) {
  const cache = useQueryClient();
  const git = useGit().data;
  const [message, setMessage] = useState(suggested);
  const errors = diagnostics.filter((each) => each.severity === "error");
  const save = useMutation({
    mutationFn: () => answer(api.POST("/files/commit", { body: { edits: changes.map((change) => change.edit), message: message.trim() } })),
    onSuccess: async (done) => {
      say(done.committed ? `Committed${done.revision ? ` as ${done.revision.slice(0, 8)}` : ""}${done.pushed ? " and pushed" : ""}` : "Written. The project is not in git");
      onSaved();
      await cache.invalidateQueries();
    },
  });
  return (
    <Dialog wide title="Save" onClose={onClose} actions={<><Button kind="quiet" onClick={onClose}>Go on editing</Button><Button kind="primary" busy={save.isPending} disabled={!message.trim() || errors.length > 0} onClick={() => save.mutate()}>{git?.repository === false ? "Write the files" : `Commit to ${git?.branch ?? "git"}`}</Button></>}>
      {changes.map((change) => (
        <div className="stack" key={change.edit.path}>
          <h3 className="mono">{change.edit.path}{change.before === "" && <span className="faint"> (new)</span>}{change.edit.text === null && <span className="faint"> (removed)</span>}</h3>
          <Diff text={unified(change.before, change.edit.text ?? "")} />
        </div>
      ))}
      {errors.length > 0 && <div className="trouble" role="alert"><ul className="stack">{errors.map((each, index) => <li key={index}><code>{[each.file, each.line].filter(Boolean).join(":")}</code> {each.message} <span className="soft">{each.hint}</span></li>)}</ul></div>}
      <Labeled label="What was done, and why" help="It becomes the commit's message, by your name.">{(ids) => <textarea {...ids} rows={2} value={message} onChange={(event) => setMessage(event.target.value)} />}</Labeled>
      {save.error && <Trouble error={save.error} />}
    </Dialog>
  );
}
