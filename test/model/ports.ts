// The ports of the control code in the model: what reads or changes the shared world is a request, the rest is answered at once.
import { OutOfReach, type Unknown } from "../../cloud/ports/outcomes.ts";
import type { InstanceRef } from "../../cloud/ports/store.ts";
import type { MachineSeen } from "../../cloud/ports/fleet.ts";
import type { RunnerSeen } from "../../cloud/ports/forge.ts";
import type { ControlWorld } from "../../control/world.ts";
import { operationalDefaults, type Configuration } from "../../domain/configuration.ts";
import type { Decision, Move, Moves } from "../../domain/instance.ts";
import { environmentCounter, instanceKey, parseRunnerName, runnerName, tags } from "../../domain/names.ts";
import type { Own } from "../../domain/needs.ts";
import { groupOf, parseOwner } from "../../domain/owner.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import type { Execution } from "./code.ts";
import { ahead, callOf, heard, now, records, thing } from "./records.ts";
import { ownMoves, refusalOf, replied, type MoveRequest, type Reply } from "./requests.ts";

const hour = 3_600_000;

export const configurationOf = (stale: boolean, idleFloor = 0): Configuration => ({
  ...operationalDefaults,
  environment: "model",
  awsPartition: "aws",
  region: "eu-central-1",
  account: "123456789012",
  queues: {},
  templates: { "large/x64": { id: "template", version: thing.templateVersion } },
  subnets: [{ id: "subnet", zone: thing.zone }],
  imageParameters: { x64: "/image" },
  forge: { kind: "github", serverUrl: "", apiUrl: "", repositories: ["octo/app"] },
  configHash: stale ? "newer" : thing.configHash,
  partitions: {},
  resourceClasses: defaultResourceClasses,
  idleFloors: idleFloor === 0 ? {} : { [`large/x64/${thing.usageClass}`]: idleFloor },
  maxAgeMs: 24 * hour,
});

const place = configurationOf(false);
const ids = ["i-0000000000000000a", "i-0000000000000000b"];
const keys = ids.map((id) => instanceKey(place, id));
const instanceOf = (id: string): number => ids.indexOf(id);

/** A record as a process reads it whose clock says `at`: near its threshold, or past it. */
const shownAt = (i: number, id: number, at: number, far: boolean): InstanceRecord => {
  const record = records.of(id) as InstanceRecord;
  const { threshold, heartbeatAt } = record;
  return {
    ...record,
    key: keys[i] as string,
    instanceId: ids[i] as string,
    launchedAt: at - hour,
    threshold: threshold === ahead ? at + (far ? hour : hour / 12) : at - 1,
    ...(heartbeatAt === undefined ? {} : { heartbeatAt: heartbeatAt === heard ? at - 1 : at - hour }),
  };
};

/** The parameters of a move, but for what no decision reads. */
export function moveRequest(instance: number, move: Move, given: Moves[Move]): MoveRequest {
  const { machine, ownership, claimId, own, assignment } = given as Partial<
    Moves["create"] & { own: Own; assignment: number }
  >;
  const judges = move === "condemn-evicted" || move === "condemn-silent";
  const params = {
    now,
    threshold: ahead,
    reason: { code: "retired" },
    ...(machine === undefined ? {} : { machine: thing }),
    ...(ownership === undefined ? {} : { ownership }),
    ...(claimId === undefined ? {} : { claimId }),
    ...(ownMoves.has(move) ? { own } : {}),
    ...(judges ? { assignment } : {}),
  };
  return {
    kind: "move",
    instance,
    move,
    call: callOf({ move, params }),
    ...(ownMoves.has(move) && own !== undefined ? { own } : {}),
    ...(judges && assignment !== undefined ? { judged: assignment } : {}),
  };
}

export interface Place {
  readonly execution: Execution;
  /** Part of every claimId. */
  readonly name: string;
  /** The instances that it sees. */
  readonly sees: readonly number[];
  readonly creates: boolean;
  /** It claims what the pool shows. */
  readonly claims?: boolean;
  /** Nothing in the world is its own yet. */
  readonly first?: boolean;
  /** Every threshold that lies ahead is far away. */
  readonly far?: boolean;
  readonly configuration: Configuration;
}

const nothing = async (): Promise<void> => undefined;
const none = async (): Promise<[]> => [];

export function worldOf(at: Place): ControlWorld {
  const { execution, name, sees, creates, claims = true, first = false, far = false, configuration } = at;
  let won = false;
  /** Before its first call it owns nothing, which is not asked for. */
  let fresh = first;
  const ask = execution.ask.bind(execution);
  const shown = (i: number, id: number): InstanceRecord => shownAt(i, id, execution.now, far);
  const decision = (instance: number, [code = 0, id = 0]: Reply): Decision | Unknown => {
    if (code === replied.unknown) return { kind: "unknown", problem: "lost" };
    const record = id === 0 ? undefined : shown(instance, id);
    if (code >= replied.refused) return { kind: "refused", why: refusalOf(code), record };
    return { kind: "done", record: record as InstanceRecord, already: code === replied.already };
  };
  const move = async <M extends Move>(what: M, ref: InstanceRef, params: Moves[M]): Promise<Decision | Unknown> => {
    const instance = keys.indexOf(ref.key);
    const reply = await ask(moveRequest(instance, what, params));
    won ||= what === "claim" && (reply[0] ?? replied.refused) < replied.unknown;
    return decision(instance, reply);
  };
  const read = async (of: readonly number[], group?: string) => {
    const reply = await ask({ kind: "read", of, ...(group === undefined ? {} : { group }) });
    const items = of.flatMap((i, at) => ((reply[at] ?? 0) === 0 ? [] : [shown(i, reply[at] as number)]));
    return { items, damaged: [] };
  };
  const machines = async (of: readonly number[]): Promise<readonly MachineSeen[]> => {
    const reply = await ask({ kind: "machines", of });
    return of.flatMap((i, at): MachineSeen[] => {
      const [state = 0, late = 0, launcher = 0] = reply.slice(3 * at);
      const launchedAt = late === 1 ? execution.now - hour : execution.now - 1;
      const words = [undefined, "running", "shutting-down", "terminated"] as const;
      const word = words[state];
      const owner: Record<string, string> = launcher === 0 ? {} : { [tags.owner]: launchers[launcher - 1] ?? "" };
      return word === undefined ? [] : [{ instanceId: ids[i] as string, state: word, launchedAt, tags: owner }];
    });
  };
  const runner = (i: number, assignment: number, online: boolean): RunnerSeen => ({
    id: 10 * i + assignment,
    name: runnerName(place, ids[i] as string, assignment),
    online,
    busy: false,
    labels: [],
  });
  return {
    instances: {
      move,
      async moveAll(what, moves) {
        const decisions = await Promise.all(moves.map(async ({ ref, params }) => await move(what, ref, params)));
        return decisions.map((one) => (one.kind === "done" ? { kind: "done", already: one.already } : one));
      },
      read: async (of) => await read(of.map((key) => keys.indexOf(key))),
      async ofGroup(group) {
        if (!fresh) return await read(sees, group);
        fresh = false;
        return { items: [], damaged: [] };
      },
      async idle() {
        // It claims until it has won once: then it may create, or do without.
        const [one = 0] = claims && !won ? await ask({ kind: "index" }) : [];
        const record = one === 0 ? [] : [shown(one - 1, records.idle())];
        return { items: record, damaged: [] };
      },
      all: async () => await read(sees),
    },
    settings: {
      load: async () => ({ configuration, defaults: configuration, overlay: {} }),
      reserve: async () => (creates ? { kind: "reserved" } : { kind: "full", scope: environmentCounter }),
      free: nothing,
      recount: nothing,
      counter: async () => await Promise.reject(new OutOfReach(unread)),
      writeOverlay: nothing,
      writeBrakes: nothing,
    },
    pool: {
      receive: none,
      send: none,
      giveBack: nothing,
      drop: nothing,
      depth: async () => Infinity,
      setAside: nothing,
    },
    fleet: {
      image: async () => thing.imageId,
      async launch() {
        const [one = 0] = await ask({ kind: "launch" });
        const launched = one === 0 ? [] : [{ ...thing, instanceId: ids[one - 1] as string }];
        const failures = one === 0 ? [{ kind: "refused", reason: "the model has no more machines" } as const] : [];
        return { kind: "answered", launched, failures };
      },
      describe: async (of) => new Map((await machines(of.map(instanceOf))).map((one) => [one.instanceId, one])),
      ours: async () => (await machines(sees)).filter(({ state }) => state !== "terminated"),
      async terminate(of) {
        await ask({ kind: "end", of: of.map(instanceOf) });
        return new Map();
      },
    },
    beginnings: { begin: async (_, { id }) => id, finish: nothing },
    clock: {
      now: () => execution.now,
      async sleep(ms, wake) {
        const [long = 0] = await ask({ kind: "sleep" }, wake);
        // However short the pause, EC2 may be asked again after it (`machineLookMs`); and no limit outlasts a long one.
        execution.now += long === 1 ? hour : Math.max(ms, 6_000);
      },
    },
    random: { next: () => 0.5, id: () => name },
    log: { event: () => undefined },
    forge: {
      enrol: none,
      async runners() {
        const reply = await ask({ kind: "runners", of: sees });
        return sees.flatMap((i, at) => {
          const [known = 0, online = 0] = reply.slice(2 * at);
          return [0, 1, 2, 3, 4, 5, 6, 7].flatMap((one) =>
            (known >> one) & 1 ? [runner(i, one, one === online)] : [],
          );
        });
      },
      async named(_, wanted) {
        const { instanceId = "", assignment = 0 } = parseRunnerName(place, wanted) ?? {};
        const instance = instanceOf(instanceId);
        const [found] = await ask({ kind: "named", instance, assignment });
        return found === 0 ? undefined : runner(instance, assignment, found === 2);
      },
      async remove(_, id) {
        const [what = 0] = await ask({ kind: "remove", instance: Math.floor(id / 10), assignment: id % 10 });
        return (["absent", "removed", "busy"] as const)[what] ?? "absent";
      },
      activeRuns: none,
      waiting: none,
    },
    requests: {
      save: nothing,
      ofRun: none,
      recordOutcome: nothing,
      end: nothing,
      repositories: none,
      unreported: async () => ({ from: 0, runs: [] }),
      markReported: nothing,
    },
    secrets: { read: async () => undefined, write: nothing },
    secretFolder: { list: none, remove: nothing },
  };
}

/** The one thing that refresh cannot read here: then it recounts nothing. */
export const unread = "the model has no counters";

/** Owners that launch, by the number that a machine without a record carries. */
const launchers: string[] = [];
export const launcherOf = (owner: string): number => {
  if (!launchers.includes(owner)) launchers.push(owner);
  return launchers.indexOf(owner) + 1;
};
export const isOfGroup = (owner: string | undefined, group: string): boolean => {
  const parsed = parseOwner(owner);
  return parsed !== undefined && groupOf(parsed) === group;
};
