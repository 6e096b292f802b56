// A world in process without faults, with real agents: for tests of one use case of the control plane.
import { runAgent } from "../../agent/agent.ts";
import { noFaults } from "../world/faults.ts";
import type { RunAgent } from "../world/machines.ts";
import { repositories, worldOf, type ControlPorts, type World } from "../world/world.ts";
import { refresh, type RefreshReport } from "../../control/refresh/refresh.ts";
import type { Provisioned } from "../../control/runs/provision.ts";
import { contextOf, type DemandContext } from "../../control/pool/demand-context.ts";
import { wordsOfProblem, wordsOfReason } from "../../entry/words/reasons.ts";
import type { PoolWorld } from "../../control/pool/world.ts";
import { demandOf } from "../../control/runs/demand-of.ts";
import type { Configuration, Defaults } from "../../domain/configuration.ts";
import { parseRequest, type RawRequest, type Request } from "../../domain/request.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { agentOptions } from "../agent/agent-options.ts";

export const repository = repositories[0];

/** No watchdog waits for its turns: it looks when something changes. */
export const agentOf: RunAgent = (ports, _, onWake) =>
  runAgent(ports, agentOptions({ turnMs: Number.POSITIVE_INFINITY, onWake }));

/** On a machine that takes so long to come up. */
export const slowly =
  (bootMs: number): RunAgent =>
  async (ports, machine, onWake) => {
    await ports.clock.sleep(bootMs);
    return await agentOf(ports, machine, onWake);
  };

export interface CalmWorld extends World {
  /** Runs the work in a process of its own until it is done; what it logs is kept. */
  does<Value>(name: string, work: (ports: ControlPorts) => Promise<Value>): Promise<Value>;
  readonly heard: readonly string[];
  /** How often EC2 was asked for machines. */
  launches(): number;
}

export function calmWorld(configure: Partial<Defaults> = {}, runs: RunAgent = agentOf): CalmWorld {
  const heard: string[] = [];
  let launches = 0;
  const world = worldOf({
    seed: 1,
    rates: noFaults,
    runAgent: runs,
    configure,
    heard: (_at, _process, name, facts) => {
      heard.push(name);
      if (name === "world.called" && facts["what"] === "ec2.launch") launches++;
    },
  });
  return Object.assign(world, {
    heard,
    launches: () => launches,
    does: <Value>(name: string, work: (ports: ControlPorts) => Promise<Value>): Promise<Value> =>
      world.time.settle(work(world.process(name).ports)),
  });
}

/** One in which refresh has made the tokens that instances register by. */
export async function refreshedWorld(...given: Parameters<typeof calmWorld>): Promise<CalmWorld> {
  const world = calmWorld(...given);
  await world.does("refresh", (ports) => refresh(ports));
  return world;
}

/** One `large` on demand for run 1001, but for what is given. */
export function requestOf(part: Partial<RawRequest> = {}): Request {
  const parsed = parseRequest(
    {
      runId: "1001",
      attempt: "1",
      name: "provision",
      repository,
      instanceCount: "1",
      resourceClass: "large",
      architecture: "x64",
      usageClass: "on-demand",
      allowedInstanceTypes: "",
      labels: "",
      fallback: "false",
      ...part,
    },
    defaultResourceClasses,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.request;
}

/** A request under way, as its provision would serve it. */
export const contextFor = (world: PoolWorld, configuration: Configuration, request: Request): DemandContext =>
  contextOf(world, { configuration }, demandOf(configuration, request, world.clock.now()));

/** What refresh could not do, in words. */
export const problemsIn = ({ problems }: Pick<RefreshReport, "problems">): readonly string[] =>
  problems.map(wordsOfProblem);

/** The reasons of an outcome, as people read them. */
export const wordsIn = ({ reasons = [] }: Provisioned): readonly string[] => reasons.map(wordsOfReason);
