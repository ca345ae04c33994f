// Enough of a lexer to colour YAML, SQL and JSON that is only read.
export type Language = "yaml" | "sql" | "json" | "text";
export interface Piece { text: string; kind?: "comment" | "key" | "string" | "word" | "number" }

const rules: Record<Language, RegExp | undefined> = {
  yaml: /(?<comment>(?:^|(?<=\s))#.*$)|(?<string>"(?:[^"\\]|\\.)*"|'[^']*')|(?<key>[\w.$/-]+(?=\s*:(?:\s|$)))|(?<number>\b\d[\d.]*(?:%|[smhd])?(?![\w.]))|(?<word>\$\{[^}]*\})/gm,
  sql: /(?<comment>--.*$|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^']|'')*')|(?<word>\b(?:select|from|where|and|or|not|as|join|left|right|inner|full|cross|on|group|by|order|having|limit|union|all|distinct|case|when|then|else|end|with|is|null|in|like|between|over|partition|using|cast|true|false|exists|qualify|values|interval)\b)|(?<number>\b\d[\d.]*\b)/gim,
  json: /(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\]|\\.)*")|(?<number>-?\b\d[\d.eE+-]*\b)|(?<word>\b(?:true|false|null)\b)/g,
  text: undefined,
};

export function paint(text: string, language: Language): Piece[] {
  const rule = rules[language];
  if (!rule) return [{ text }];
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(rule)) {
    if (match.index > at) pieces.push({ text: text.slice(at, match.index) });
    const kind = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined)?.[0] as Piece["kind"];
    pieces.push({ text: match[0], kind });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}
