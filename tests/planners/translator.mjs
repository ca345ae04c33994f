// Takes statements of a warehouse's SQL at a Unix socket, lets parsers that others wrote judge them, and says them in
// DuckDB's.
//
//     node translator.mjs DIALECT SOCKET RECORD DIRECTORY-OF-NODE_MODULES
//
// Every statement is a line of RECORD: what was asked, who refused it, what was answered. What is not translated by
// @polyglot-sql/sdk stands in `words` below; the functions that this makes calls of are in dialects.sql.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { register, createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [dialect, socket, record, modules] = process.argv.slice(2);
const load = async (name, file) => import(pathToFileURL(path.join(modules, name, file)));
const need = createRequire(path.resolve(modules, 'of.js'));

// dt-sql-parser's files name each other without endings, as bundlers like it.
register('data:text/javascript,' + encodeURIComponent(`
  import fs from 'node:fs';
  export async function resolve(name, context, next) {
    if (name.startsWith('.') && context.parentURL?.includes('dt-sql-parser'))
      for (const end of ['', '.js', '/index.js']) {
        const url = new URL(name + end, context.parentURL);
        if (fs.statSync(url, { throwIfNoEntry: false })?.isFile()) return { url: url.href, format: 'module', shortCircuit: true };
      }
    const found = await next(name, context);
    return found.url.includes('dt-sql-parser') ? { ...found, format: 'module' } : found;
  }`));

const polyglot = need('@polyglot-sql/sdk');
await polyglot.init();
const judges = [];
if (dialect === 'databricks') {
  const { SparkSQL } = await load('dt-sql-parser', 'dist/index.js');
  judges.push(['dt-sql-parser', (sql) => {
    const [error] = new SparkSQL().validate(sql + ';');
    if (error) throw new Error(error.message);
  }]);
} else {
  const rust = need('@guanmingchiu/sqlparser-ts');
  await rust.init();
  judges.push(['sqlparser-rs', (sql) => rust.validate(sql, dialect)]);
}
if (dialect === 'bigquery') {
  const { parse } = need('sql-parser-cst');
  judges.push(['sql-parser-cst', (sql) => parse(sql, { dialect: 'bigquery' })]);
}

// Where the call of `name` that begins at `at` ends, and its arguments.
function call(sql, at, name) {
  const parts = [];
  let depth = 0, start = at + name.length + 1;
  for (let i = at + name.length; i < sql.length; ++i) {
    const c = sql[i];
    if (c === "'" || c === '"') i = sql.indexOf(c, i + 1);
    else if (c === '(' || c === '[' || c === '{') ++depth;
    else if (c === ')' || c === ']' || c === '}') {
      if (--depth === 0) return { end: i + 1, parts: [...parts, sql.slice(start, i)] };
    } else if (c === ',' && depth === 1) parts.push(sql.slice(start, i)), start = i + 1;
  }
  throw new Error('a call without an end');
}

function calls(sql, name, make) {
  for (let at = 0; ;) {
    const found = sql.slice(at).search(new RegExp(`(?<![\\w.])${name}\\(`));
    if (found < 0) return sql;
    const { end, parts } = call(sql, at + found, name), made = make(parts);
    sql = sql.slice(0, at + found) + made + sql.slice(end);
    at += found + made.length;
  }
}

const words = {
  // HASH takes any number of arguments, NULLs among them.
  snowflake: (sql) => calls(sql, 'HASH', (parts) => `hash_of_all(row(${parts.join(',')}))`),
  redshift: (sql) => sql,
  // Of one dataset.
  bigquery: (sql) => sql.replace(/"(\w+)"\."INFORMATION_SCHEMA\.TABLES"/g, "(SELECT * FROM information_schema.tables WHERE table_schema = '$1')"),
  // A NULL is no argument to xxhash64. The translation takes CASTs for those that forgive errors, which ours do not.
  databricks: (sql) => calls(sql.replaceAll('TRY_CAST(', 'CAST('), 'XXHASH64',
    (parts) => `hash_of_those([${parts.map((part) => `CAST(${part} AS VARCHAR)`).join(', ')}])`),
};

function answer(sql) {
  const refused = [];
  for (const [name, judge] of judges)
    try { judge(sql); } catch (error) { refused.push(`${name}: ${error.message ?? error}`); }
  const said = polyglot.transpile(sql, dialect, 'duckdb');
  if (!said.success) refused.push(`polyglot: ${said.error}`);
  let duckdb = '';
  if (refused.length === 0)
    try { duckdb = words[dialect](said.sql.join(';\n')); } catch (error) { refused.push(`translation: ${error.message}`); }
  fs.appendFileSync(record, JSON.stringify({ sql, refused, duckdb }) + '\n');
  return refused.length > 0 ? `-not ${dialect}: ${refused.join('; ')}\n${sql}` : '+' + duckdb;
}

net.createServer((client) => {
  let bytes = Buffer.alloc(0);
  client.on('error', () => {});
  client.on('data', (some) => {
    bytes = Buffer.concat([bytes, some]);
    if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32LE(0)) return;
    const text = Buffer.from(answer(bytes.subarray(4).toString())), length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    client.end(Buffer.concat([length, text]));
  });
}).listen(socket, () => console.log('ready'));
