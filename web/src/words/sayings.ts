// What tools say, as people read it. Nothing is made up: only what stands in JSON is taken out of it.

/** "Property values were not valid: [{…,"message":"Email address a@@b is invalid",…}]" without the JSON around it. */
export function plainly(message: string): string {
  const at = message.search(/[[{]/);
  if (at < 0) return message;
  let inside: unknown;
  try {
    inside = JSON.parse(message.slice(at));
  } catch {
    return message;
  }
  const said = [...new Set(messagesIn(inside))];
  return said.length ? `${message.slice(0, at)}${said.join("; ")}`.trim() : message;
}

function messagesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(messagesIn);
  if (typeof value !== "object" || value === null) return [];
  const { message } = value as { message?: unknown };
  return typeof message === "string" && message ? [message] : Object.values(value).flatMap(messagesIn);
}

/** "INVALID_EMAIL: …", or the message alone where there is no code. */
export const reasonOf = (group: { code: string; message: string }): string => [group.code, plainly(group.message)].filter(Boolean).join(": ");

/** The fields of a form's body ("channel=%23sales&text=…"); undefined for anything else. */
export function formFields(body: string): Record<string, string> | undefined {
  if (!/^[\w.[\]%+-]+=[^\s]*$/.test(body)) return undefined;
  const fields = [...new URLSearchParams(body)];
  return fields.length ? Object.fromEntries(fields) : undefined;
}
