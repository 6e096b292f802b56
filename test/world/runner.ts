// The port `Runner` of a machine of the world. The runner lives in its own unit: it survives the agent's death.
import type { Enrolment, RegisterRequest } from "../../agent/runners/github/enrolment.ts";
import { isForOneJob } from "../../agent/runners/github/enrolment.ts";
import type { EnrolFailed, EnrolOutcome, Runner, RunnerState } from "../../cloud/ports/runner.ts";
import type { Job, Session } from "./forge.ts";
import { isCutOff, isUp, type Machine, type RunnerRoot } from "./machine.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

const failed = (cause: EnrolFailed["cause"], detail: string): EnrolFailed => ({ kind: "failed", cause, detail });

/** The listener of a root as GitHub sees it. */
function sessionOf(state: State, machine: Machine, root: RunnerRoot): Session {
  const { time, checks, chance } = state;
  const soon = (what: string): void => {
    time.after(chance.between(10, 500), `${machine.instanceId} ${what}`, () => machine.wake());
  };
  return {
    begin(job: Job) {
      machine.job = job;
      machine.jobs++;
      checks.jobStarted(machine, job);
      soon("job begun");
    },
    over() {
      machine.job = undefined;
      soon("job over");
    },
    expelled() {
      if (machine.root !== root || !isUp(machine) || root.listener !== "online") return;
      root.listener = "exited";
      root.exitCode = 1;
      soon("listener expelled");
    },
  };
}

/** Stops the listener; whatever GitHub has sent it and it has not begun goes back. */
function disconnect({ forge }: State, root: RunnerRoot): void {
  if (root.registration !== undefined && root.listener !== "none") forge.disconnect(root.registration);
  root.listener = "none";
  root.stops++;
}

function listen(state: State, machine: Machine, root: RunnerRoot): EnrolOutcome {
  const { forge, time, faults, chance } = state;
  if (isCutOff(machine, time.now())) return failed("network", "GitHub cannot be reached");
  if (root.registration === undefined || !forge.connect(root.registration, sessionOf(state, machine, root))) {
    root.listener = "exited";
    root.exitCode = 1;
    return failed("refused", "the registration has been deleted from the server");
  }
  root.listener = "online";
  root.exitCode = undefined;
  machine.served.add(root.assignment);
  if (chance.happens(faults.rates.listenerExits))
    time.after(chance.between(1_000, 300_000), `${machine.instanceId} listener exits`, () => {
      if (machine.root !== root || root.listener !== "online" || machine.job !== undefined || !isUp(machine)) return;
      faults.meet("listenerExits");
      disconnect(state, root);
      root.listener = "exited";
      root.exitCode = 2;
      machine.wake();
    });
  return { kind: "registered" };
}

export function runnerPort(state: State, machine: Machine, process: Process, enrolment: Enrolment): Runner {
  const { time, forge, faults, checks, chance } = state;
  const takes = <T>(what: string, low: number, high: number, work: () => T): Promise<T> =>
    process.wait((done) => {
      time.after(process.chance.between(low, high), `${process.name} ${what}`, () => {
        if (isUp(machine)) done(work());
      });
    });
  /** Work on a root that ends where the root is stopped or destroyed meanwhile. */
  const works = (root: RunnerRoot, what: string, high: number, work: () => EnrolOutcome) => {
    const { stops } = root;
    return takes(what, 500, high, () =>
      machine.root === root && root.stops === stops ? work() : failed("other", "stopped meanwhile"),
    );
  };
  const configure = (root: RunnerRoot, { url, labels, secret }: RegisterRequest): EnrolOutcome => {
    if (isCutOff(machine, time.now())) return failed("network", "GitHub cannot be reached");
    if (process.chance.happens(faults.rates.registerFails)) {
      faults.meet("registerFails");
      return failed("network", "502 Bad Gateway");
    }
    const answer = forge.register(secret, new URL(url).pathname.slice(1), root.name, labels);
    if (!answer.ok && answer.cause === "token") faults.meet("tokenExpires");
    if (!answer.ok) return failed(answer.cause, `${answer.cause} refused`);
    // The reply may be lost: then GitHub knows a runner that the root knows nothing of.
    if (process.chance.happens(faults.rates.registerFails / 4)) return failed("network", "connection reset");
    root.registration = answer.id;
    return { kind: "registered" };
  };
  const stopIfIdle = () =>
    takes("freezes", 20, 300, (): "stopped" | "busy" => {
      if (machine.job !== undefined) return "busy";
      if (machine.root !== undefined) disconnect(state, machine.root);
      return "stopped";
    });
  return {
    // What the host knows costs no event.
    state: async (): Promise<RunnerState> => ({
      assignment: machine.root?.assignment,
      configured: machine.root?.registration !== undefined,
      listener: machine.root?.listener ?? "none",
      ...(machine.root?.exitCode === undefined ? {} : { exitCode: machine.root.exitCode }),
      busy: machine.job !== undefined,
      jobs: machine.jobs,
    }),
    isForOneJob,
    async enrol(record) {
      const request = await enrolment.requestOf(record);
      if (!("secret" in request)) return request;
      const { assignment, partition, name } = request;
      if (machine.root !== undefined && machine.root.assignment !== assignment)
        return failed("other", `the runner of assignment ${machine.root.assignment} is still here`);
      checks.registers(machine, assignment);
      const root: RunnerRoot =
        machine.root?.assignment === assignment
          ? machine.root
          : { assignment, partition, name, registration: undefined, listener: "none", exitCode: undefined, stops: 0 };
      machine.root = root;
      if (root.registration === undefined) {
        const outcome = await works(root, "configures", 5_000, () => configure(root, request));
        if (outcome.kind === "failed") return outcome;
      }
      if (machine.root === root) root.listener = "starting";
      return await works(root, "listens", 4_000, () => listen(state, machine, root));
    },
    async start(assignment) {
      const { root } = machine;
      if (root?.assignment !== assignment) return failed("other", "no such root");
      root.listener = "starting";
      return await works(root, "resumes", 4_000, () => listen(state, machine, root));
    },
    drain: stopIfIdle,
    stopIfIdle,
    kill: () =>
      takes("kills", 5, 100, () => {
        if (machine.job !== undefined) checks.jobKilled(machine, machine.job);
        if (machine.root !== undefined) disconnect(state, machine.root);
        machine.job = undefined;
      }),
    clean: async (assignment) => {
      const { root: held } = machine;
      const removalToken = held === undefined ? undefined : await enrolment.removalToken(held.partition);
      await takes("cleans", 50, 2_000, () => {
        const { root } = machine;
        if (root?.assignment !== assignment) return;
        disconnect(state, root);
        machine.root = undefined;
        const { registration } = root;
        if (registration === undefined || removalToken === undefined) return;
        time.after(chance.between(500, 60_000), `${machine.instanceId} removes ${root.name}`, () => {
          const runner = forge.runners.get(registration);
          if (runner === undefined || !isUp(machine) || isCutOff(machine, time.now())) return;
          if (forge.accepts(removalToken, runner.scope, "removal")) forge.remove(runner.scope, registration);
        });
      });
    },
  };
}
