// GitHub's half of a runner in any host's sandbox, for the runner's contract: against the stand-in of GitHub, whose jobs wait for a file.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../cloud/ports/sandbox.ts";
import type { Enrolment } from "../../agent/runners/github/enrolment.ts";
import { githubRunner, type GithubRunnerOptions } from "../../agent/runners/github/github-runner.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { repo, type Bench } from "../sim/runner-bench.ts";
import type { RunnerStand } from "./runner-contract.ts";

const partition = "github:octo/app";
const nameOf = (assignment: number): string => `contract-${assignment}`;
const runOf = (assignment: number): number => 9_000 + assignment;

interface GithubStandOptions extends Pick<GithubRunnerOptions, "stateDirectory" | "hooksDirectory"> {
  readonly bench: Bench;
  /** As an agent opens it that has just started. */
  readonly openSandbox: () => Sandbox;
  /** A folder that jobs can read and this process can write. */
  readonly gates: string;
}

export function githubStand({ bench, openSandbox, gates, ...options }: GithubStandOptions): RunnerStand {
  const enrolment: Enrolment = {
    requestOf: async ({ assignment }) => ({
      assignment,
      partition,
      name: nameOf(assignment),
      url: bench.url,
      labels: [String(runOf(assignment))],
      kind: "token",
      secret: await bench.token(),
      onlyRuns: [String(runOf(assignment))],
    }),
    removalToken: () => bench.token("remove"),
  };
  const log = { event: () => undefined };
  const again = () => githubRunner(openSandbox(), { ...options, enrolment, bootId: "boot-1", clock: hostClock, log });
  return {
    runner: again(),
    again,
    record: async (assignment) => ({ assignment, partition }),
    job: (assignment) => {
      const runId = runOf(assignment);
      const gate = join(gates, `gate-${assignment}`);
      const of = (event: { job?: { run: { runId: number } } }) => event.job?.run.runId === runId;
      const begun = bench.github.happened("job.started", of);
      const over = bench.github.happened("job.completed", of);
      const script = `while [ ! -e ${gate} ]; do sleep 0.02; done`;
      bench.github.queueRun({ ...repo, runId, jobs: [{ name: "build", labels: [String(runId)], script }] });
      return {
        begun,
        end: async () => {
          writeFileSync(gate, "");
          return (await over).job?.conclusion ?? "none";
        },
      };
    },
    known: (assignment) => bench.github.runners().some(({ name }) => name === nameOf(assignment)),
    pause: () => hostClock.sleep(50),
  };
}
