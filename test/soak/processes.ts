// The command line's processes of a soak: the bundle as it is shipped, each killed by `kill -9` at the call that the plan says.
import { spawn } from "node:child_process";
import { ConnectionLost } from "../../sim/http/faults.ts";
import type { AwsCall } from "../../sim/http/service.ts";
import { instanceOf } from "../../sim/imds/role-credentials.ts";
import { credentials, forgeToken, place, repository } from "../../entry/laptop/embedded-cloud.ts";
import { hostClock } from "../../entry/host-clock.ts";
import type { Kill, Kind, Plan } from "./plan.ts";
import { compileCache } from "../compile-cache.ts";

export type Ending =
  | { readonly kind: "ended"; readonly code: number; readonly words: string }
  | { readonly kind: "killed" };

export interface Processes {
  /** Runs the command to its end, or to its planned death. `limitMs`: as a scheduler's time-out, it is killed then in any case. */
  run(kind: Exclude<Kind, "agent">, args: readonly string[], limitMs?: number): Promise<Ending>;
  /** An agent has started: it may be killed later. */
  agentStarted(instanceId: string, kill: () => void): void;
  /** Kills whom the plan says at this call; throws where the call is lost with its process. */
  heard(call: AwsCall): void;
  /** From now on nothing is killed, but by its time-out. */
  spare(): void;
  /** How many of the command line live. */
  alive(): number;
  readonly killed: Readonly<Record<Kind, number>>;
  readonly started: Readonly<Record<Kind, number>>;
  endAll(): void;
}

export interface ProcessesOptions {
  readonly plan: Plan;
  /** The bundle of the command line. */
  readonly program: string;
  readonly awsEndpoint: () => string;
  /** One line for people about each kill. */
  readonly tell: (line: string) => void;
}

interface Doomed {
  readonly kind: Kind;
  readonly name: string;
  readonly planned: Kill;
  calls: number;
  readonly kill: () => void;
}

const none = (): Record<Kind, number> => ({ provision: 0, release: 0, refresh: 0, agent: 0 });
const lastWords = (text: string): string => text.trim().split("\n").slice(-3).join(" | ");

export function openProcesses({ plan, program, awsEndpoint, tell }: ProcessesOptions): Processes {
  const [started, killed] = [none(), none()];
  const living = new Set<() => void>();
  /** By whom their calls are signed. */
  const doomed = new Map<string, Doomed>();
  let sparing = false;
  const doom = (kind: Kind, caller: string, what: string, kill: () => void): void => {
    const serial = ++started[kind];
    const planned = plan.kill(kind, serial);
    if (planned === undefined || sparing) doomed.delete(caller);
    else doomed.set(caller, { kind, name: `${kind} #${serial} (${what})`, planned, calls: 0, kill });
  };
  const environment = (caller: string) => ({
    PATH: process.env["PATH"],
    ...compileCache,
    AWS_ENDPOINT_URL: awsEndpoint(),
    AWS_REGION: place.region,
    AWS_ACCESS_KEY_ID: caller,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    RUNPOOL_ENVIRONMENT: place.environment,
    GITHUB_TOKEN: forgeToken,
    GITHUB_REPOSITORY: repository,
  });
  return {
    started,
    killed,
    alive: () => living.size,
    spare: () => {
      sparing = true;
      doomed.clear();
    },
    endAll: () => {
      for (const kill of living) kill();
    },
    agentStarted: (instanceId, kill) => doom("agent", instanceId, instanceId, kill),
    heard: ({ caller: { accessKeyId }, service, action }) => {
      const caller = instanceOf(accessKeyId) ?? accessKeyId;
      const victim = doomed.get(caller);
      if (victim === undefined || ++victim.calls < victim.planned.call) return;
      const { kind, name, planned, kill } = victim;
      doomed.delete(caller);
      killed[kind]++;
      tell(`killed ${name} ${planned.applied ? "in" : "before"} its call ${planned.call}, ${service} ${action}`);
      kill();
      if (!planned.applied) throw new ConnectionLost(false);
    },
    run: async (kind, args, limitMs) => {
      const caller = `AKID${kind.toUpperCase()}${started[kind] + 1}`;
      const stdio = ["ignore", "pipe", "pipe"] as const;
      const child = spawn(process.execPath, [program, kind, ...args], { env: environment(caller), stdio: [...stdio] });
      let words = "";
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => (words += text));
      const kill = (): void => void child.kill("SIGKILL");
      const over = new AbortController();
      living.add(kill);
      const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
      doom(kind, caller, args.slice(0, 2).join(" "), kill);
      if (limitMs !== undefined)
        void hostClock.sleep(limitMs, over.signal).then(() => {
          if (!over.signal.aborted) kill();
        });
      const code = await closed;
      over.abort();
      living.delete(kill);
      doomed.delete(caller);
      return code === null ? { kind: "killed" } : { kind: "ended", code, words: lastWords(words) };
    },
  };
}
