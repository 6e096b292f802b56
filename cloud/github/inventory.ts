// The runners that GitHub knows of a scope, and their removal.
import type { Forge, Removal, RunnerSeen } from "../ports/forge.ts";
import { OutOfReach, type Unknown } from "../ports/outcomes.ts";
import { refuse, rightToRunners, scopePath, statusOf, type ForgeClient } from "./forge-client.ts";

interface ListedRunner {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly busy: boolean;
  readonly labels: readonly { readonly name: string }[];
}

const seenAs = ({ id, name, status, busy, labels }: ListedRunner): RunnerSeen => ({
  id,
  name,
  online: status === "online",
  busy,
  labels: labels.map((label) => label.name),
});

async function list(client: ForgeClient, scope: string, prefix: string): Promise<readonly RunnerSeen[]> {
  const forge = await client(scope);
  const route = `GET ${scopePath(scope)}/actions/runners`;
  const runners = await forge
    .paginate(route, { per_page: 100 })
    .catch((error: unknown) => refuse(`listing the runners of ${scope}`, rightToRunners(scope), error));
  return (runners as ListedRunner[]).filter(({ name }) => name.startsWith(prefix)).map(seenAs);
}

/**
 * One request, so that nothing moves between two pages (GitHub REST, "List self-hosted runners", `name`). A server that does not know
 * the parameter answers with the first page of all.
 */
async function named(client: ForgeClient, scope: string, name: string): Promise<RunnerSeen | undefined> {
  const forge = await client(scope);
  const what = `looking for runner ${name} of ${scope}`;
  const { data } = await forge
    .request(`GET ${scopePath(scope)}/actions/runners`, { name, per_page: 100 })
    .catch((error: unknown) => refuse(what, rightToRunners(scope), error));
  const { total_count: total, runners } = data as { total_count: number; runners: readonly ListedRunner[] };
  const found = runners.find((one) => one.name === name);
  if (found === undefined && total > runners.length)
    throw new OutOfReach(`${what}: GitHub lists ${total} runners, whatever their names`);
  return found === undefined ? undefined : seenAs(found);
}

/**
 * GitHub refuses with 422 while a job runs. It answers 404 for a runner that is gone and for a caller without the right
 * alike, and "absent" ends machines: so a 404 counts only where the same caller may list the scope's runners.
 */
async function remove(client: ForgeClient, scope: string, runnerId: number): Promise<Removal | Unknown> {
  const what = `deleting runner ${runnerId} of ${scope}`;
  const runners = `${scopePath(scope)}/actions/runners`;
  try {
    const forge = await client(scope);
    try {
      await forge.request(`DELETE ${runners}/${runnerId}`);
      return "removed";
    } catch (error) {
      const status = statusOf(error);
      if (status === 422) return "busy";
      if (status !== 404) return refuse(what, rightToRunners(scope), error);
    }
    await forge
      .request(`GET ${runners}`, { per_page: 1 })
      .catch((error: unknown) => refuse(what, rightToRunners(scope), error));
    return "absent";
  } catch (error) {
    if (error instanceof OutOfReach) return { kind: "unknown", problem: error.message };
    throw error;
  }
}

export const inventory = (client: ForgeClient): Pick<Forge, "runners" | "named" | "remove"> => ({
  runners: (scope, prefix) => list(client, scope, prefix),
  named: (scope, name) => named(client, scope, name),
  remove: (scope, runnerId) => remove(client, scope, runnerId),
});
