// An agent in place of a machine: the real loop and the real adapter of its record, over a runner and a host of memory alone.
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { runAgent } from "../../agent/agent.ts";
import type { Host } from "../../cloud/ports/host.ts";
import type { Runner, RunnerState } from "../../cloud/ports/runner.ts";
import { ownInstance } from "../../cloud/aws/own-instance.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Secrets } from "../../cloud/ports/secrets.ts";
import { instanceKey, tableName, type Place } from "../../domain/names.ts";
import { githubEnrolment, type Enrolment } from "../../agent/runners/github/enrolment.ts";
import { agentOptions, enrolmentOptions } from "../agent/agent-options.ts";

const nothing: RunnerState = { assignment: undefined, configured: false, listener: "none", busy: false, jobs: 0 };

function runnerOfMemory(enrolment: Enrolment): Runner {
  let state = nothing;
  let partition = "";
  const stop = async () => {
    state = { ...state, listener: "none" };
    return "stopped" as const;
  };
  return {
    state: async () => state,
    isForOneJob: () => false,
    enrol: async (record) => {
      const request = await enrolment.requestOf(record);
      if (!("secret" in request)) return request;
      const { assignment } = request;
      ({ partition } = request);
      state = { ...nothing, assignment, configured: true, listener: "online" };
      return { kind: "registered" };
    },
    start: async () => ({ kind: "registered" }),
    drain: stop,
    stopIfIdle: stop,
    kill: async () => undefined,
    clean: async () => {
      await enrolment.removalToken(partition);
      state = nothing;
    },
  };
}

const hostOfMemory = (): Host => ({
  prepare: async () => ({ kind: "prepared" }),
  report: async () => undefined,
  deadline: async () => undefined,
  left: async () => undefined,
  diskFree: async () => 0.9,
  powerOff: async () => undefined,
});

export interface AgentWish {
  readonly client: DynamoDBClient;
  readonly secrets: Pick<Secrets, "read">;
  readonly environment: string;
  readonly place: Place;
  /** The address of GitHub that the machine was told of. */
  readonly forgeServer: string;
  readonly clock: Clock;
}

/** Resolves with why it ended: it ends when its record is condemned. */
export const startAgent = (
  instanceId: string,
  { client, secrets, environment, place, forgeServer, clock }: AgentWish,
) => {
  const { account, region } = place;
  const ofMachine = { account, region, forge: { serverUrl: forgeServer, owners: {} } };
  return runAgent(
    {
      own: ownInstance({ client, table: tableName(environment), key: instanceKey(place, instanceId), clock }),
      metadata: { interruption: async () => undefined },
      runner: runnerOfMemory(githubEnrolment(enrolmentOptions(environment, instanceId, secrets, ofMachine))),
      host: hostOfMemory(),
      clock,
      log: { event: () => undefined },
    },
    agentOptions(),
  );
};
