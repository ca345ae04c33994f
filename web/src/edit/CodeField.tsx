import { useEffect, useRef, useState } from "react";
import type { Diagnostic } from "../api/client";
import { Skeleton } from "../design/parts";
import type { Mounted } from "./codemirror";

/** SQL or YAML to write. The editor comes as a piece of its own, when it is first needed. */
export function CodeField({ language, label, text, onChange, onRun, diagnostics, tables, readOnly, tall }: {
  language: "sql" | "yaml"; label: string; text: string; onChange: (text: string) => void; onRun?: () => void;
  diagnostics?: readonly Diagnostic[]; tables?: Record<string, string[]>; readOnly?: boolean; tall?: boolean;
}) {
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Mounted>();
  const latest = useRef({ text, onChange, onRun });
  latest.current = { text, onChange, onRun };
  useEffect(() => {
    let gone = false;
    let mounted: Mounted | undefined;
    void import("./codemirror").then(({ mount }) => {
      if (gone || !host.current) return;
      mounted = mount(host.current, { language, label, text: latest.current.text, readOnly, onChange: (next) => latest.current.onChange(next), onRun: () => latest.current.onRun?.() });
      setEditor(mounted);
    });
    return () => {
      gone = true;
      mounted?.destroy();
      setEditor(undefined);
    };
  }, [language, label, readOnly]);
  useEffect(() => editor?.set(text), [editor, text]);
  useEffect(() => editor?.mark(diagnostics ?? []), [editor, diagnostics]);
  useEffect(() => { if (tables) editor?.complete(tables); }, [editor, tables]);
  return (
    <div className={`code-field ${tall ? "tall" : ""}`}>
      {!editor && <Skeleton lines={4} />}
      <div ref={host} className="code-host" />
    </div>
  );
}
