// What the agent on a machine of the world stands on: its ports, gathered.
import type { Host } from "../../cloud/ports/host.ts";
import type { Metadata } from "../../cloud/ports/metadata.ts";
import type { OwnInstance } from "../../cloud/ports/own-instance.ts";
import { githubEnrolment } from "../../agent/runners/github/enrolment.ts";
import type { Runner } from "../../cloud/ports/runner.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { enrolmentOptions } from "../agent/agent-options.ts";
import { hostPort, metadataPort } from "./host.ts";
import type { Machine } from "./machine.ts";
import { ownInstancePort } from "./own-instance.ts";
import type { Process } from "./process.ts";
import { runnerPort } from "./runner.ts";
import type { State } from "./state.ts";
import { secretsPort } from "./vault.ts";

export interface AgentPorts {
  readonly own: OwnInstance;
  readonly metadata: Metadata;
  readonly runner: Runner;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
}

export const agentPorts = (state: State, machine: Machine, process: Process): AgentPorts => ({
  own: ownInstancePort(state, machine, process),
  metadata: metadataPort(state, machine, process),
  runner: runnerPort(
    state,
    machine,
    process,
    githubEnrolment(enrolmentOptions(state.environment, machine.instanceId, secretsPort(state, process))),
  ),
  host: hostPort(state, machine, process),
  clock: process.clock,
  log: process.log,
});
