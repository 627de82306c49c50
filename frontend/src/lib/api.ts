// Calls to our own API. A refusal is a problem document (RFC 9457): its `detail` is a sentence for the listener.

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly retryAfterS: number | null,
  ) {
    super(detail);
  }
}

/** The network did not carry the call: nothing is known about what the server did. */
export class Unreachable extends Error {}

/** The CSRF token of this page, as Django wants it back in X-CSRFToken. */
export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

/** POST JSON and read JSON. Throws Refused or Unreachable. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await reach(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

/** POST JSON without waiting for an answer; goes out even while the page is being left. */
export function report(path: string, body: unknown): void {
  const request = fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
    keepalive: true,
  });
  request.catch(() => undefined); // a lost count must never disturb the music
}

/** GET a fragment of HTML of this site. Throws Refused or Unreachable. */
export async function fragment(path: string): Promise<DocumentFragment> {
  const response = await reach(path, { headers: { Accept: "text/html" } });
  const template = document.createElement("template");
  template.innerHTML = await response.text(); // our own server's template output, escaped there
  return template.content;
}

/** GET plain text of this site. Throws Refused or Unreachable. */
export async function text(path: string): Promise<string> {
  const response = await reach(path, { headers: { Accept: "text/plain" } });
  return (await response.text()).trim();
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Unreachable("The connection is gone. Check the network, then try again.");
  }
  if (!response.ok) throw await refusalOf(response);
  return response;
}

async function refusalOf(response: Response): Promise<Refused> {
  const retry = Number(response.headers.get("Retry-After") ?? "");
  const problem = await problemOf(response);
  const detail = problem.detail || `The server answered ${response.status}. Try again in a moment.`;
  return new Refused(response.status, problem.code, detail, retry > 0 ? retry : null);
}

async function problemOf(response: Response): Promise<{ code: string; detail: string }> {
  try {
    const document = (await response.json()) as { code?: unknown; detail?: unknown };
    return { code: String(document.code ?? ""), detail: String(document.detail ?? "") };
  } catch {
    return { code: "", detail: "" };
  }
}
