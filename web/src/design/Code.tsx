// Code to read: quiet colours, one button to copy. (What is written stands in edit/CodeField.)
import { CopyButton } from "./parts";
import { type Language, paint } from "./paint";

export function Code({ text, language, label }: { text: string; language: Language; label: string }) {
  return (
    <div className="code-box">
      <CopyButton text={text} label={`Copy ${label}`} />
      <pre className="code" tabIndex={0} aria-label={label}><code>{paint(text, language).map((piece, index) => (piece.kind ? <span key={index} className={`code-${piece.kind}`}>{piece.text}</span> : piece.text))}</code></pre>
    </div>
  );
}

/** A unified diff, line by line. */
export function Diff({ text }: { text: string }) {
  const lines = text.replace(/\n$/, "").split("\n").filter((line) => !/^(diff|index|---|\+\+\+|new file mode|deleted file mode|old mode|new mode|similarity index) /.test(line));
  if (lines[0]?.startsWith("@@")) lines.shift(); // where there is nothing before it there is nothing left out
  return (
    <pre className="code diff" tabIndex={0} aria-label="Difference">
      {lines.map((line, index) => {
        const kind = line.startsWith("+") ? "new" : line.startsWith("-") ? "old" : line.startsWith("@@") ? "place" : "";
        return <span key={index} className={`line ${kind}`}>{kind === "place" ? "⋯" : line || " "}{"\n"}</span>;
      })}
    </pre>
  );
}
