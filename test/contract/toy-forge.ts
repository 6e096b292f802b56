// A toy forge: its control plane's half and its runner, through the ports alone. It is a folder; a job is a shell script in it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EnrolmentSecret, Forge } from "../../cloud/ports/forge.ts";
import type { EnrolOutcome, Runner, RunnerState } from "../../cloud/ports/runner.ts";
import type { Program, Sandbox } from "../../cloud/ports/sandbox.ts";
import { hostClock } from "../../entry/host-clock.ts";

/** Takes the jobs of its name one after the other, until it is told to drain. */
const listener = `#!/bin/bash
cd "\${0%/*}/.." && . ./registration
echo listening
while [ ! -e "$FORGE/drain-$NAME" ]; do
  for job in "$FORGE/$NAME"-*.job; do
    [ -e "$job" ] || continue
    echo "runs \${job##*/}"
    mv "$job" "$job.taken"
    if sh "$job.taken"; then end=success; else end=failure; fi
    echo $end >"$job.over"
  done
  sleep 0.3
done
`;

export function toyProgram(folder: string): Program {
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "bin/toy-listener"), listener, { mode: 0o755 });
  return { distribution: folder, listener: ["bin/toy-listener"], files: {} };
}

export const toyName = (assignment: number): string => `toy-${assignment}`;

/** The control plane's half. */
export function toyForge(folder: string): Forge {
  const registered = () =>
    readdirSync(folder).flatMap((name) => {
      const id = /^runner-toy-(\d+)$/.exec(name)?.[1];
      return id === undefined
        ? []
        : [{ id: Number(id), name: `toy-${id}`, online: true, busy: false, labels: [`toy-${id}`] }];
    });
  const secret = (name: string, registers: boolean): EnrolmentSecret => ({
    name,
    registers,
    make: async () => ({ token: `toy ${name}`, expiresAt: hostClock.now() + 3_600_000 }),
  });
  return {
    enrol: async ({ environment, partition }) => [secret(`/runpool/${environment}/toy/${partition}`, true)],
    runners: async (_scope, prefix) => registered().filter(({ name }) => name.startsWith(prefix)),
    named: async (_scope, name) => registered().find((one) => one.name === name),
    remove: async (_scope, id) => {
      const file = join(folder, `runner-${toyName(id)}`);
      if (!existsSync(file)) return "absent";
      rmSync(file);
      return "removed";
    },
    activeRuns: async () => [],
    waiting: async () => [],
  };
}

interface Kept {
  readonly assignment: number | undefined;
  readonly jobsBefore: number;
}

/** The machine's half. What must survive a crash of the agent lies in `stateFile`. */
export function toyRunner(sandbox: Sandbox, folder: string, stateFile: string): Runner {
  const kept = (): Kept =>
    existsSync(stateFile)
      ? (JSON.parse(readFileSync(stateFile, "utf8")) as Kept)
      : { assignment: undefined, jobsBefore: 0 };
  const keep = (next: Kept): void => writeFileSync(stateFile, JSON.stringify(next));
  const drain = (n: number): string => join(folder, `drain-${toyName(n)}`);
  const busy = (n: number): boolean => {
    const files = readdirSync(folder).filter((name) => name.startsWith(`${toyName(n)}-`));
    return files.some((name) => name.endsWith(".taken") && !files.includes(name.replace(/taken$/, "over")));
  };
  const state = async (): Promise<RunnerState> => {
    const { assignment, jobsBefore } = kept();
    if (assignment === undefined)
      return { assignment, configured: false, listener: "none", busy: false, jobs: jobsBefore };
    const { listener: seen, log } = await sandbox.look(assignment);
    return {
      assignment,
      configured: true,
      listener: seen === "running" ? "online" : seen,
      busy: seen === "running" && busy(assignment),
      jobs: jobsBefore + (log.match(/^runs /gm)?.length ?? 0),
      draining: existsSync(drain(assignment)),
    };
  };
  const start = async (n: number): Promise<EnrolOutcome> => {
    rmSync(drain(n), { force: true });
    await sandbox.start(n, {});
    while (!(await sandbox.look(n)).log.trimEnd().includes("listening")) await hostClock.sleep(20);
    return { kind: "registered" };
  };
  const stopIfIdle = async (): Promise<"stopped" | "busy"> => {
    const { assignment } = kept();
    if (assignment === undefined) return "stopped";
    const { listener: seen } = await sandbox.freeze(assignment);
    if (seen !== "running" || !busy(assignment))
      return (await sandbox.killFrozen(assignment)) === "killed" ? "stopped" : "busy";
    await sandbox.thaw(assignment);
    return "busy";
  };
  return {
    state,
    isForOneJob: () => false,
    enrol: async ({ assignment }) => {
      const { assignment: present, jobsBefore } = kept();
      if (present !== undefined && present !== assignment)
        return { kind: "failed", cause: "other", detail: `the runner of assignment ${present} is still here` };
      if (present === undefined) {
        await sandbox.lay(assignment);
        await sandbox.put(assignment, "registration", `FORGE='${folder}' NAME=${toyName(assignment)}\n`);
        writeFileSync(join(folder, `runner-${toyName(assignment)}`), "");
        keep({ assignment, jobsBefore });
      }
      return await start(assignment);
    },
    start,
    // Unlike GitHub's, this one can be told: it takes no further job from now on, and ends by itself.
    drain: async () => {
      const { assignment } = kept();
      if (assignment === undefined) return "stopped";
      writeFileSync(drain(assignment), "");
      return (await sandbox.look(assignment)).listener === "running" ? "busy" : "stopped";
    },
    stopIfIdle,
    kill: async () => {
      const { assignment } = kept();
      if (assignment !== undefined) await sandbox.kill(assignment);
    },
    clean: async (n) => {
      const { jobs } = await state();
      await sandbox.destroy(n);
      rmSync(join(folder, `runner-${toyName(n)}`), { force: true });
      keep({ assignment: undefined, jobsBefore: jobs });
    },
  };
}
