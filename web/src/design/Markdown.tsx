// Markdown as elements: what a page says becomes text, never HTML.
import { marked, type Token, type Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { Code } from "./Code";

export const Markdown = ({ text, skipTitle }: { text: string; skipTitle?: boolean }) => {
  const tokens = marked.lexer(text);
  return <div className="markdown">{blocks(skipTitle && tokens[0]?.type === "heading" ? tokens.slice(1) : tokens)}</div>;
};

const safe = (href: string) => /^(https?:|mailto:|#)/.test(href);
const unescape = (text: string) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&");

function blocks(tokens: Token[]): ReactNode {
  return tokens.map((token, index) => <Fragment key={index}>{block(token)}</Fragment>);
}

function block(token: Token): ReactNode {
  switch (token.type) {
    case "heading": return token.depth <= 2 ? <h2>{inline(token.tokens)}</h2> : <h3>{inline(token.tokens)}</h3>;
    case "paragraph": return <p>{inline(token.tokens)}</p>;
    case "text": return "tokens" in token && token.tokens ? inline(token.tokens) : unescape(token.text as string);
    case "code": return <Code text={token.text as string} label="example" language={token.lang === "yaml" ? "yaml" : token.lang === "sql" ? "sql" : token.lang === "json" ? "json" : "text"} />;
    case "blockquote": return <blockquote>{blocks(token.tokens ?? [])}</blockquote>;
    case "list": {
      const items = (token as Tokens.List).items.map((item, index) => <li key={index}>{blocks(item.tokens)}</li>);
      return token.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case "table": {
      const table = token as Tokens.Table;
      return (
        <div className="panel scroll-x" tabIndex={0} role="region" aria-label="Table"><table className="plain-table">
          <thead><tr>{table.header.map((cell, index) => <th key={index} scope="col">{inline(cell.tokens)}</th>)}</tr></thead>
          <tbody>{table.rows.map((row, index) => <tr key={index}>{row.map((cell, at) => <td key={at}>{inline(cell.tokens)}</td>)}</tr>)}</tbody>
        </table></div>
      );
    }
    case "hr": return <hr />;
    default: return null; // spaces, comments, HTML
  }
}

function inline(tokens: Token[] | undefined): ReactNode {
  return tokens?.map((token, index) => {
    switch (token.type) {
      case "strong": return <strong key={index}>{inline(token.tokens)}</strong>;
      case "em": return <em key={index}>{inline(token.tokens)}</em>;
      case "codespan": return <code key={index}>{unescape(token.text as string)}</code>;
      case "br": return <br key={index} />;
      case "html": return /^<br\s*\/?>$/i.test(token.raw) ? <br key={index} /> : null;
      case "link": return safe(token.href as string) ? <a key={index} href={token.href as string} rel="noreferrer" target="_blank">{inline(token.tokens)}</a> : <span key={index}>{inline(token.tokens)}</span>;
      case "escape": case "text": return <Fragment key={index}>{unescape(token.text as string)}</Fragment>;
      default: return <Fragment key={index}>{token.raw}</Fragment>;
    }
  });
}
