// One HTTP call to the GitHub stand-in, its reply, and refusals in GitHub's words and shape.
import type { Credential } from "./credentials.ts";

export interface Call {
  readonly method: string;
  /** Path without `/api/v3`. */
  readonly path: string;
  /** What the route's `{names}` stood for, decoded. */
  readonly names: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Who calls; absent where the route needs nobody. */
  readonly caller: Credential | undefined;
  /** Aborts when the client goes away before it has its reply. */
  readonly gone: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal: `{ message, documentation_url, status }`, GitHub's shape of every REST error. */
export class GithubRefusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: readonly unknown[] | undefined;
  constructor(
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    errors?: readonly unknown[],
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.errors = errors;
  }
}

export const refusalReply = (refusal: GithubRefusal): Reply => ({
  status: refusal.status,
  headers: refusal.headers,
  body: {
    message: refusal.message,
    ...(refusal.errors === undefined ? {} : { errors: refusal.errors }),
    documentation_url: "https://docs.github.com/rest",
    status: String(refusal.status),
  },
});

export const notFound = (): GithubRefusal => new GithubRefusal(404, "Not Found");

/** The value of a header, the first when it was sent twice. */
export const headerOf = (call: Pick<Call, "headers">, name: string): string | undefined => {
  const value = call.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** A page of a list with its Link header (Using pagination in the REST API): per_page 30, 100 at most. */
export function page<T>(
  call: Call,
  baseUrl: string,
  list: readonly T[],
): { readonly items: T[]; readonly headers: Record<string, string> } {
  const number = (name: string, fallback: number): number => {
    const value = Number.parseInt(call.query.get(name) ?? "", 10);
    return Number.isInteger(value) && value > 0 ? value : fallback;
  };
  const size = Math.min(number("per_page", 30), 100);
  const current = number("page", 1);
  const last = Math.max(1, Math.ceil(list.length / size));
  const link = (to: number, rel: string): string => {
    const query = new URLSearchParams(call.query);
    query.set("page", String(to));
    return `<${baseUrl}${call.path}?${query.toString()}>; rel="${rel}"`;
  };
  const links: string[] = [];
  if (current > 1) links.push(link(current - 1, "prev"));
  if (current < last) links.push(link(current + 1, "next"), link(last, "last"));
  if (current > 1) links.push(link(1, "first"));
  const headers: Record<string, string> = links.length > 0 ? { link: links.join(", ") } : {};
  return { items: list.slice((current - 1) * size, current * size), headers };
}
