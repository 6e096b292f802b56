// What each process of a world runs: the real control code, from its beginning and after a crash.
import { provide } from "../../control/pool/provide.ts";
import { keepFloors } from "../../control/refresh/floor.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { cleanUp } from "../../control/runs/clean-up.ts";
import { release } from "../../control/runs/release.ts";
import type { ControlWorld } from "../../control/world.ts";
import type { Demand } from "../../domain/demand.ts";
import type { Move } from "../../domain/instance.ts";
import type { Problem } from "../../domain/reasons.ts";
import { limits } from "../../domain/limits.ts";
import { ownAssignment, type Own } from "../../domain/needs.ts";
import { formatOwner, runOwner } from "../../domain/owner.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { Code, type Execution, type Program } from "./code.ts";
import type { Orders, Process, Spec } from "./model.ts";
import { configurationOf, moveRequest, unread, worldOf } from "./ports.ts";
import { ahead, now, thing } from "./records.ts";
import { replied, type MoveRequest } from "./requests.ts";

type Of<Kind extends Process["kind"]> = Extract<Process, { kind: Kind }>;

const nameOf = ({ run, attempt, name }: Of<"provision">) => runOwner(run, attempt, name.replaceAll(" ", "-"));
export const ownerOfProvision = (of: Of<"provision">): string => formatOwner(nameOf(of));

/** Worlds share the code of what is the same in them. */
const codes = new Map<string, Code>();

export function codeOf(spec: Spec, process: Process, orders: Orders): Code {
  const { kind } = process;
  // Of all rules, those that the ports of these two follow.
  const { releaseAsks, releaseAsksFirst, refreshListsFirst, proveListsAgain, forgeProves } = orders;
  const followed = { releaseAsks, releaseAsksFirst, refreshListsFirst, proveListsAgain, forgeProves };
  const changes = kind === "release" || kind === "refresh" ? followed : {};
  const name = JSON.stringify([process, spec.start.length, spec.stale === true, changes]);
  let code = codes.get(name);
  if (code === undefined) codes.set(name, (code = make(spec, process, orders)));
  return code;
}

function make(spec: Spec, process: Process, orders: Orders): Code {
  switch (process.kind) {
    case "provision":
      return provisionOf(spec, process);
    case "release":
      return releaseOf(spec, process, orders);
    case "refresh":
      return refreshOf(spec, process, orders);
    case "floor":
      return floorOf(spec, process);
    case "stray":
      return strayOf(spec, process);
  }
}

const all = ({ start }: Spec): readonly number[] => start.map((_, i) => i);

function demandOf(process: Of<"provision">, at: number): Demand {
  const { partition, resourceClass, architecture, usageClass } = thing;
  return {
    owner: nameOf(process),
    partition,
    count: 1,
    least: 1,
    resourceClass,
    minimum: { cpu: 1, mmem: 512 },
    architecture,
    usageClass,
    allowedTypes: [],
    fallback: false,
    until: at + limits.provisionMs,
    registration: [{ forge: "github", scope: "octo/app", labels: [process.run], kind: "token" }],
    maxRuntimeMs: limits.maxRuntimeMs,
    lifetime: "pooled",
  };
}

function provisionOf(spec: Spec, process: Of<"provision">): Code {
  const { name, creates = false, claims = true, reenters = false, cancelled = false } = process;
  const configuration = configurationOf(spec.stale === true);
  const enters = (incarnation: number): Program => ({
    name: `${name} ${incarnation}`,
    // To be cancelled is to run out of time, or sooner.
    patient: !cancelled,
    async run(execution) {
      const at = { name: `${name}.${incarnation}`, sees: all(spec), creates, claims, first: incarnation === 0 };
      const world = worldOf({ execution, configuration, ...at });
      const demand = demandOf(process, execution.now);
      const made = await provide(world, { configuration }, demand, { cancel: execution.cancel.signal });
      const mistake = made.reasons?.find(({ code }) => code === "error");
      if (mistake !== undefined) throw new Error(JSON.stringify(mistake));
    },
  });
  const post: Program = {
    name: `${name}: post`,
    run: async (execution) =>
      await cleanUp(
        worldOf({ execution, name, sees: all(spec), creates, configuration }),
        configuration,
        nameOf(process),
      ),
  };
  return new Code({
    start: [enters(0)],
    afterEnd: () => [],
    afterCrash: reenters ? [post, enters(1)] : [post],
    cancellable: cancelled,
  });
}

function releaseOf(spec: Spec, { name, run, attempt, rights }: Of<"release">, orders: Orders): Code {
  const configuration = configurationOf(spec.stale === true);
  const request = { runId: run, attempt, ...(rights ? { forgeScope: "octo/app" } : {}) };
  const program: Program = {
    name,
    run: async (execution) =>
      await release(
        otherwise(worldOf({ execution, name, sees: all(spec), creates: false, configuration }), orders),
        request,
      ),
  };
  return new Code({ start: [program], afterEnd: () => [], afterCrash: [], cancellable: false });
}

/** A part that fails is a mistake of this model, but for what it does not have. */
function fail(problems: readonly Problem[]): void {
  const problem = problems.find((one) => one.code === "failed" && one.error !== unread);
  if (problem !== undefined) throw new Error(JSON.stringify(problem));
}

/** Again and again, each time with one instance in sight: what it does to one changes nothing of another. */
function refreshOf(spec: Spec, { name }: Of<"refresh">, orders: Orders): Code {
  const configuration = configurationOf(spec.stale === true);
  const looks = all(spec).map((i): Program => ({
    name: `${name} ${i}`,
    async run(execution) {
      const world = worldOf({ execution, name, sees: [i], creates: false, configuration });
      fail((await refresh(otherwise(world, orders))).problems);
    },
  }));
  return new Code({ start: looks, afterEnd: () => looks, afterCrash: looks, cancellable: false });
}

/** Keeps the idle floor again and again, and creates once at most. */
function floorOf(spec: Spec, { name, creates, keeps = true }: Of<"floor">): Code {
  const configuration = configurationOf(false, 1);
  const pass = (mayCreate: boolean): Program => ({
    name: `${name} ${mayCreate}`,
    async run(execution) {
      const world = worldOf({ execution, name, sees: all(spec), creates: mayCreate, far: !keeps, configuration });
      const { items } = await world.instances.all();
      const { created, problems } = await keepFloors(world, configuration, items, false);
      fail(problems);
      return mayCreate && created === 0;
    },
  });
  return new Code({
    start: [pass(creates)],
    afterEnd: (mayCreate) => [pass(mayCreate === true)],
    afterCrash: [pass(false)],
    cancellable: false,
  });
}

/** Moves whose conditions ask for no fact of outside: they must do no harm, by whichever caller and at whatever moment. */
const guarded: readonly (readonly [Move, "claim" | "owner" | "nobody"])[] = [
  ["start", "claim"],
  ["park-prepared", "nobody"],
  ["park-left", "claim"],
  ["release", "claim"],
  ["release", "owner"],
  ["extend-idle", "nobody"],
  ["extend-running", "claim"],
  ["condemn-expired", "nobody"],
  ["condemn-retired", "nobody"],
  ["condemn-evicted", "nobody"],
  ["condemn-silent", "nobody"],
  ["condemn-unregistered", "claim"],
  ["condemn-unregistered", "owner"],
  ["condemn-left", "owner"],
];

/** Reads one record, and some time later makes one move by what it has read. */
function strayOf(spec: Spec, { name }: Of<"stray">): Code {
  const configuration = configurationOf(false);
  const of = (i: number): Program => ({
    name: `${name} ${i}`,
    async run(execution: Execution) {
      const world = worldOf({ execution, name, sees: [i], creates: false, configuration });
      const [read] = (await world.instances.all()).items;
      if (read === undefined) return;
      const moves = movesBy(read, i);
      const [which = 0, code = 0] = await execution.ask({ kind: "any", moves });
      if (code < replied.unknown && moves[which]?.move.startsWith("condemn") === true)
        await world.fleet.terminate([read.instanceId]);
    },
  });
  const programs = all(spec).map(of);
  return new Code({ start: programs, afterEnd: () => [], afterCrash: [], cancellable: false });
}

function movesBy(read: InstanceRecord, i: number): readonly MoveRequest[] {
  const { owner = "", claimId = "", assignment } = read;
  return guarded.flatMap(([move, right]) => {
    if (right !== "nobody" && owner === "") return [];
    const own: Own = right === "owner" ? ownAssignment(read) : { by: "claim", owner, claimId };
    return [moveRequest(i, move, { now, threshold: ahead, reason: { code: "retired" }, assignment, own })];
  });
}

/** The ports as they would serve code that did things in another order, or did without some of them. */
function otherwise(world: ControlWorld, orders: Orders): ControlWorld {
  const { instances, forge } = world;
  const { releaseAsks, releaseAsksFirst, refreshListsFirst, proveListsAgain, forgeProves } = orders;
  /** What was asked for in vain is taken for asked, and what registers for not registering. */
  const seen = (record: InstanceRecord): InstanceRecord => {
    const { signal, ...rest } = record;
    const shows = signal !== undefined && (forgeProves || signal.kind !== "registering");
    const wanted = !releaseAsks && rest.owner !== undefined ? "leave" : rest.wanted;
    return { ...rest, wanted, ...(shows ? { signal } : {}) };
  };
  const shown = <Found extends { items: readonly InstanceRecord[] }>(found: Found): Found => ({
    ...found,
    items: found.items.map(seen),
  });
  let early: ReturnType<typeof instances.all> | undefined;
  return {
    ...world,
    instances: {
      ...instances,
      read: async (of) => shown(await instances.read(of)),
      all: async () => shown(await (early ?? instances.all())),
      async move(move, ref, told) {
        if (move === "ask-to-leave" && !releaseAsksFirst)
          for (const { id } of await forge.runners("", "")) await forge.remove("", id);
        if (move !== "ask-to-leave" || releaseAsks) return await instances.move(move, ref, told);
        const [record] = (await instances.read([ref.key])).items;
        return record === undefined
          ? { kind: "refused", why: "missing", record }
          : { kind: "done", record, already: false };
      },
    },
    forge: {
      ...forge,
      async runners(scope, prefix) {
        if (!refreshListsFirst) {
          early ??= instances.all();
          await early;
        }
        return await forge.runners(scope, prefix);
      },
      named: async (scope, name) => (proveListsAgain ? await forge.named(scope, name) : undefined),
    },
  };
}
