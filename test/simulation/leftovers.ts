// What is left in the queues and in the parameter store of a world at rest, once somebody has come who looked at every queue.
import { lookAtPool, select } from "../../control/pool/selection.ts";
import { contextOf } from "../../control/pool/demand-context.ts";
import { demandOf } from "../../control/runs/demand-of.ts";
import { partitionScopes } from "../../control/refresh/tokens.ts";
import { merge } from "../../domain/configuration.ts";
import { registrationTokenParameter, removalTokenParameter } from "../../domain/names.ts";
import { parseMessage } from "../../domain/pool-message.ts";
import { parseRequest, type Request } from "../../domain/request.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { repositories, type World } from "../world/world.ts";

function requestFor(resourceClass: string, count: number): Request {
  const parsed = parseRequest(
    {
      runId: "9999",
      attempt: "1",
      name: "last-comer",
      repository: repositories[0],
      instanceCount: "1",
      resourceClass,
      architecture: "x64",
      usageClass: "on-demand",
      allowedInstanceTypes: "",
      labels: "",
      fallback: "false",
      minCount: "",
    },
    defaultResourceClasses,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return { ...parsed.request, count };
}

/** Selects from every class's queue as many as it holds, as a provision would: nobody else comes to a world at rest. */
export async function lookIntoEveryQueue(world: World): Promise<void> {
  const { ports } = world.process("last comer");
  const { configuration } = await ports.settings.load();
  for (const resourceClass of Object.keys(configuration.queues)) {
    const wanted = (world.queues.get(resourceClass)?.size ?? 0) + 1;
    const demand = demandOf(configuration, requestFor(resourceClass, wanted), ports.clock.now());
    const context = contextOf(ports, { configuration }, demand);
    const taken = await select(context, await lookAtPool(context, wanted), wanted, () => undefined);
    for (const { record } of taken)
      world.checks.violated("no leak: nothing can be claimed any more", `${record.instanceId} could be`);
  }
}

/** In words: messages that a receiver would still meet, and parameters that nobody configured. */
export function leftInQueuesAndVault({ words, queues, vault, environment }: World): readonly string[] {
  const { defaults } = words;
  if (defaults === undefined) return ["no configuration is left"];
  const left: string[] = [];
  for (const name of Object.keys(defaults.queues))
    for (const { body, forged } of queues.get(name) ?? []) {
      if (forged === true) continue;
      const parsed = parseMessage(body);
      left.push(
        `the queue of ${name} holds a message ${parsed.ok ? `of ${parsed.message.instanceId}` : parsed.problem}`,
      );
    }
  const configured = new Set<string>(Object.values(defaults.imageParameters));
  for (const partition of partitionScopes(merge(defaults, words.overlay)).keys())
    for (const nameOf of [registrationTokenParameter, removalTokenParameter])
      configured.add(nameOf(environment, partition));
  for (const name of vault.keys()) if (!configured.has(name)) left.push(`the parameter ${name} is nobody's`);
  return left;
}
