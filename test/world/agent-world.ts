// What the agent on a machine of the world stands on: its ports, gathered.
import type { Host, Metadata, OwnInstance, RunnerProcess } from "../../cloud/ports/machine.ts";
import type { Clock, Log, Secrets } from "../../cloud/ports/ports.ts";
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
  readonly runner: RunnerProcess;
  readonly host: Host;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
}

export const agentPorts = (state: State, machine: Machine, process: Process): AgentPorts => ({
  own: ownInstancePort(state, machine, process),
  metadata: metadataPort(state, machine, process),
  runner: runnerPort(state, machine, process),
  host: hostPort(state, machine, process),
  secrets: secretsPort(state, process),
  clock: process.clock,
  log: process.log,
});
