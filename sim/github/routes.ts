// The table of REST routes: finding the one a call means, and checking who may call it.
import type { Call, Reply } from "./call.ts";
import { GithubRefusal } from "./call.ts";
import type { Credential } from "./credentials.ts";
import { authorize } from "./credentials.ts";
import type { World } from "./world.ts";

/** `nobody`: open to all · `app`: an App's JSON web token · else a token with this permission on what the path names. */
export type Need = "nobody" | "app" | { readonly permission: string; readonly level: "read" | "write" };

export interface Route {
  readonly method: string;
  /** As in GitHub's reference: `/repos/{owner}/{repo}/actions/runners`. */
  readonly path: string;
  readonly needs: Need;
  readonly handle: (world: World, call: Call) => Reply | Promise<Reply>;
}

export interface Found {
  readonly route: Route;
  readonly names: Readonly<Record<string, string>>;
}

/** A finder over the table. The first route that fits wins, so fixed paths come before ones with names in them. */
export function routeFinder(routes: readonly Route[]): (method: string, path: string) => Found | undefined {
  const compiled = routes.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
  }));
  return (method, path) => {
    for (const { route, pattern } of compiled) {
      const match = route.method === method ? pattern.exec(path) : null;
      if (match === null) continue;
      const names = Object.entries(match.groups ?? {}).map(
        ([name, value]) => [name, decodeURIComponent(value)] as const,
      );
      return { route, names: Object.fromEntries(names) };
    }
    return undefined;
  };
}

/** Throws GitHub's refusal unless the caller may use the route. */
export function admit(route: Route, names: Readonly<Record<string, string>>, caller: Credential | undefined): void {
  if (route.needs === "nobody") return;
  if (caller === undefined) throw new GithubRefusal(401, "Requires authentication");
  if (route.needs === "app") {
    if (caller.kind !== "app") throw new GithubRefusal(401, "A JSON web token could not be decoded");
    return;
  }
  const owner = names["owner"] ?? names["org"];
  authorize(caller, owner, names["repo"], route.needs.permission, route.needs.level);
}
